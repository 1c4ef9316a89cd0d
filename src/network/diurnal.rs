//! Daily variation of delays, as in a network that is busy in the evening.

use crate::engine::Time;

/// Factor on the propagation delay of all packets, in steps of an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diurnal {
    /// Factors from 0:00, 1:00, … 23:00 on, each above zero; 1 leaves the delay unchanged.
    pub factors: [f64; 24],
    /// Hour of the day at time zero, 0 to 23.
    pub start_hour: u8,
}

const HOUR: u64 = 3_600_000_000_000;

impl Diurnal {
    /// Factor at a time. A packet keeps the factor of the hour in which it leaves.
    pub fn factor(&self, now: Time) -> f64 {
        let hour = now.as_nanos() / HOUR + u64::from(self.start_hour);
        self.factors[(hour % 24) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_has_its_factor_day_after_day() {
        let factors = std::array::from_fn(|hour| 1.0 + hour as f64);
        let diurnal = Diurnal { factors, start_hour: 22 };
        let at = |nanos| diurnal.factor(Time::from_nanos(nanos));
        assert_eq!([at(0), at(HOUR - 1), at(HOUR), at(2 * HOUR)], [23.0, 23.0, 24.0, 1.0]);
        assert_eq!([at(25 * HOUR), at(26 * HOUR - 1), at(26 * HOUR)], [24.0, 24.0, 1.0]);
        let mean = (0..48).map(|half| at(half * HOUR / 2)).sum::<f64>() / 48.0;
        assert_eq!(mean, 12.5, "over a day, that of the factors");
    }
}
