//! Classes of participants: each participant has one class, for good.
//!
//! Classes correlate attributes: well-connected machines stay longer if the class with the fast link has the long
//! sessions too, as in measured populations (Saroiu, Gummadi & Gribble, MMCN 2002). Within a class all draws are
//! independent.
//!
//! The replacement of a departed participant has its class, and its region if regions matter to a class: if drawn anew,
//! long-lived classes would crowd out the others, and neither shares nor availability would be stationary.

use std::sync::Arc;

use super::churn::Churn;
use crate::engine::{Duration, Purpose, Source, Streams};
use crate::network::Regions;

const CLASS: Purpose = Purpose::new("class");

/// Classes of a population. Default: none, all participants are alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classes {
    shares: Vec<f64>,
    churns: Vec<Option<Churn>>,
}

impl Classes {
    /// At most 255 classes, each with its share of the participants (they add up to one) and its churn (`None`: online
    /// from start to end).
    pub fn new(classes: impl IntoIterator<Item = (f64, Option<Churn>)>) -> Classes {
        let (shares, churns): (Vec<_>, Vec<_>) = classes.into_iter().unzip();
        assert!(shares.len() <= usize::from(u8::MAX), "{} classes", shares.len());
        Classes { shares, churns }
    }

    /// Class of a participant: one draw of its own `class` stream, equal in every system and for any number of
    /// participants. `None` without classes.
    pub fn of(&self, streams: &Streams, participant: u32) -> Option<u8> {
        (!self.shares.is_empty()).then(|| streams.stream(CLASS, participant.into()).among(&self.shares) as u8)
    }

    /// Churn of a class.
    pub fn churn(&self, class: u8) -> Option<&Churn> {
        self.churns[usize::from(class)].as_ref()
    }
}

/// Regions of participants, in a population that uses regions: by the shares of their class, if it has its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    pub regions: Arc<Regions>,
    /// Shares by class; `None`: those of the regions.
    pub weights: Vec<Option<Vec<f64>>>,
}

impl Places {
    /// Region of a participant of this class, by its number in [`Regions`]. Later incarnations stay in the region of
    /// the first.
    pub fn region(&self, streams: &Streams, participant: u32, class: Option<u8>) -> u8 {
        let weights = class.and_then(|class| self.weights[usize::from(class)].as_ref());
        self.regions.of_participant_by(streams, participant, weights.unwrap_or(&self.regions.shares))
    }

    /// Offset of local time in a region from the run's clock, which starts at midnight UTC.
    ///
    /// Panics if the offsets of the regions are unknown.
    pub fn ahead(&self, region: u8) -> Duration {
        self.regions.ahead(region).expect("the scenario was refused otherwise")
    }
}

#[cfg(test)]
mod tests;
