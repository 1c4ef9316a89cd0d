//! The stock: what of all resources is available, and what is left of them.

/// All there is of the resources at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Resources of which enough different pieces, as new as was acknowledged, are on machines that are online.
    pub available: u32,
    /// Resources that were stored once and of which fewer are left on any disk.
    pub lost: u32,
    /// Copies of pieces on machines that are online.
    pub copies_online: u64,
    /// Copies of pieces on any disk.
    pub copies: u64,
}
