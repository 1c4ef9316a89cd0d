//! The columns of the three loads.

use super::{Better, Metric, add};

/// The three loads: their quantile column, the word that begins their other columns, unit and meaning.
pub const LOADS: [(&str, &str, &str, &str); 3] = [
    ("requests_per_online_s", "requests", "1/s", "requests processed for operations of others, per second online"),
    ("upload_per_online_s", "upload", "B/s", "bytes sent because of others, per second online"),
    ("records", "records", "records", "time mean of the records held while online"),
];

/// The machines among which fairness is a result.
const SERVING: &str = "the servers; without servers those that were part of the overlay in the measurement, not only \
    clients of it; empty if fewer than two";

/// The three loads: how much, and how evenly. Over the machines online for at least a tenth of the measurement.
pub fn metrics(list: &mut Vec<Metric>) {
    use Better::*;
    for (quantity, load, unit, what) in LOADS {
        add(list, format!("{quantity}_mean"), unit, Lower, format!("{what}, mean over machines"));
        add(
            list,
            format!("{load}_gini"),
            "",
            Lower,
            format!("Gini coefficient of {load} over machines: 0 even, 1 one bears all"),
        );
        add(
            list,
            format!("{load}_jain"),
            "",
            Higher,
            format!("Jain's fairness index of {load} over machines: 1 even, 1/n one bears all"),
        );
        let about = format!("Gini coefficient of {load} over the machines that can serve: {SERVING}");
        add(list, format!("{load}_gini_serving"), "", Lower, about);
        let about = format!("Jain's fairness index of {load} over the machines that can serve: {SERVING}");
        add(list, format!("{load}_jain_serving"), "", Higher, about);
        add(
            list,
            format!("{load}_max_over_mean"),
            "",
            Lower,
            format!("the most loaded machine's {load} over the mean"),
        );
        add(
            list,
            format!("{load}_p99_over_mean"),
            "",
            Lower,
            format!("99th percentile of the machines' {load} over the mean"),
        );
    }
}
