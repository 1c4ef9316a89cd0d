//! Layer 8: CSV files, charts, tables.
