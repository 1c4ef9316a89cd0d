//! Classes of participants: each participant is of one, for good.
//!
//! Classes are how a population is correlated: well-connected machines stay longer where the class with the fast link
//! has the long sessions too, as measured populations are (Saroiu, Gummadi & Gribble, MMCN 2002). Within a class all
//! draws are independent.
//!
//! Who replaces a participant that has departed is of its class, and of its region where regions matter to a class: drawn
//! anew, classes that live long would crowd out the others, and neither shares nor availability would be stationary.

use std::sync::Arc;

use super::churn::Churn;
use crate::engine::{Duration, Purpose, Source, Streams};
use crate::network::Regions;

const CLASS: Purpose = Purpose::new("class");

/// The classes of a population; none, the default: all participants are alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classes {
    shares: Vec<f64>,
    churns: Vec<Option<Churn>>,
}

impl Classes {
    /// At most 255, each with its share of the participants, which add up to one, and with its churn (`None`: online from
    /// the start to the end).
    pub fn new(classes: impl IntoIterator<Item = (f64, Option<Churn>)>) -> Classes {
        let (shares, churns): (Vec<_>, Vec<_>) = classes.into_iter().unzip();
        assert!(shares.len() <= usize::from(u8::MAX), "{} classes", shares.len());
        Classes { shares, churns }
    }

    /// The number of a participant's class: one draw of its own `class` stream, so it is the same in every system and
    /// however many participants there are. `None` without classes.
    pub fn of(&self, streams: &Streams, participant: u32) -> Option<u8> {
        (!self.shares.is_empty()).then(|| streams.stream(CLASS, participant.into()).among(&self.shares) as u8)
    }

    /// The churn of a class.
    pub fn churn(&self, class: u8) -> Option<&Churn> {
        self.churns[usize::from(class)].as_ref()
    }
}

/// Where participants stand, of a population that knows regions: by the weights of their class, if it has its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    pub regions: Arc<Regions>,
    /// By class; `None`: the shares of the regions themselves.
    pub weights: Vec<Option<Vec<f64>>>,
}

impl Places {
    /// The region of a participant of this class, by the number that [`Regions`] gives it. Later incarnations stand where
    /// the first one did.
    pub fn region(&self, streams: &Streams, participant: u32, class: Option<u8>) -> u8 {
        let weights = class.and_then(|class| self.weights[usize::from(class)].as_ref());
        self.regions.of_participant_by(streams, participant, weights.unwrap_or(&self.regions.shares))
    }

    /// How far clocks in a region are ahead of the run's, which begins at midnight of universal time.
    ///
    /// Panics if the clocks of the regions are not known.
    pub fn ahead(&self, region: u8) -> Duration {
        self.regions.ahead(region).expect("the scenario was refused otherwise")
    }
}

#[cfg(test)]
mod tests;
