//! Probability laws as scenario files write them: `{ weibull = { shape = 0.6, scale = "169min" } }`.

use libm::{log, pow, tgamma};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::distribution::Law;
use super::mixture::Mixture;
use super::random::Source;
use super::time::Duration;

/// Probability law of durations. A scale that the law leaves open is given by one of several figures: the scale of the
/// formula, the mean, or the median.
///
/// Deserialization checks the parameters: a value that was read has a [`Law`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DurationLaw {
    /// Constant.
    Constant(Duration),
    /// Uniform between `low` and `high`.
    Uniform { low: Duration, high: Duration },
    /// Exponential (memoryless), as of independent users. One of `mean` and `median`.
    Exponential {
        #[serde(skip_serializing_if = "Option::is_none")]
        mean: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        median: Option<Duration>,
    },
    /// Weibull: P(X > x) = e^(−(x/scale)^shape). One of `scale`, `mean` and `median`.
    Weibull {
        shape: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        scale: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        mean: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        median: Option<Duration>,
    },
    /// Pareto: P(X > x) = (scale/x)^shape for x ≥ `scale`. One of `scale`, `mean` (shape above 1) and `median`.
    Pareto {
        shape: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        scale: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        mean: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        median: Option<Duration>,
    },
    /// Lognormal: the logarithm is normal with standard deviation `sigma`. One of `mean` and `median`.
    Lognormal {
        sigma: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        mean: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        median: Option<Duration>,
    },
    /// Gamma: density ∝ x^(shape − 1)·e^(−x/scale). One of `scale` and `mean`.
    Gamma {
        shape: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        scale: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        mean: Option<Duration>,
    },
    /// Normal, with negative draws set to zero.
    Normal { mean: Duration, sd: Duration },
    /// Mixture of at least one law, chosen in proportion to their weights. Two exponential laws make a
    /// hyper-exponential one.
    Mixture(Vec<Weighted<DurationLaw>>),
}

/// Component of a mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weighted<L> {
    /// Weight, above zero. The weights of a mixture need not add up to 1.
    pub weight: f64,
    /// Law of the component, which may be a mixture too.
    pub law: L,
}

impl<L> Weighted<L> {
    /// Mixture of these components.
    pub fn mixture(components: &[Weighted<L>], law: impl Fn(&L) -> Result<Law, String>) -> Result<Law, String> {
        let weighted = components.iter().map(|component| Ok((component.weight, law(&component.law)?)));
        Ok(Law::Mixture(Mixture::new(weighted.collect::<Result<_, String>>()?)?))
    }
}

impl DurationLaw {
    /// Exponential law.
    pub const fn exponential(mean: Duration) -> DurationLaw {
        DurationLaw::Exponential { mean: Some(mean), median: None }
    }

    /// Weibull law by its scale, as in published fits.
    pub const fn weibull(shape: f64, scale: Duration) -> DurationLaw {
        DurationLaw::Weibull { shape, scale: Some(scale), mean: None, median: None }
    }

    /// Law in seconds, or an error with the correction. Never an error for a law read from a file.
    pub fn law(&self) -> Result<Law, String> {
        let law = match *self {
            DurationLaw::Constant(value) => Law::Constant(value.as_secs_f64()),
            DurationLaw::Uniform { low, high } => Law::Uniform { low: low.as_secs_f64(), high: high.as_secs_f64() },
            DurationLaw::Exponential { mean, median } => {
                Law::Exponential { mean: one_of([("mean", mean, 1.0), ("median", median, log(2.0))])? }
            }
            DurationLaw::Weibull { shape, scale, mean, median } => {
                let (of_mean, of_median) = (tgamma(1.0 + 1.0 / shape), pow(log(2.0), 1.0 / shape));
                let scale = one_of([("scale", scale, 1.0), ("mean", mean, of_mean), ("median", median, of_median)])?;
                Law::Weibull { shape, scale }
            }
            DurationLaw::Pareto { shape, mean: Some(_), .. } if shape <= 1.0 => {
                return Err(format!("a Pareto law of shape {shape} has no mean: give its `scale` or its `median`"));
            }
            DurationLaw::Pareto { shape, scale, mean, median } => {
                let (of_mean, of_median) = (shape / (shape - 1.0), pow(2.0, 1.0 / shape));
                let scale = one_of([("scale", scale, 1.0), ("mean", mean, of_mean), ("median", median, of_median)])?;
                Law::Pareto { shape, scale }
            }
            DurationLaw::Lognormal { sigma, mean, median } => {
                let median = one_of([("mean", mean, libm::exp(sigma * sigma / 2.0)), ("median", median, 1.0)])?;
                Law::Lognormal { mu: log(median), sigma }
            }
            DurationLaw::Gamma { shape, scale, mean } => {
                Law::Gamma { shape, scale: one_of([("scale", scale, 1.0), ("mean", mean, shape)])? }
            }
            DurationLaw::Normal { mean, sd } => Law::Normal { mean: mean.as_secs_f64(), sd: sd.as_secs_f64() },
            DurationLaw::Mixture(ref components) => Weighted::mixture(components, DurationLaw::law)?,
        };
        law.check().map(|()| law)
    }
}

/// Scale of a law: the one figure that is given, in seconds, over its value for a scale of one.
fn one_of<const N: usize>(figures: [(&str, Option<Duration>, f64); N]) -> Result<f64, String> {
    let names = figures.map(|(name, ..)| format!("`{name}`")).join(", ");
    let mut given = figures.iter().filter_map(|&(name, figure, of_one)| Some((name, figure?, of_one)));
    let (name, figure, of_one) = given.next().ok_or_else(|| format!("give one of {names}"))?;
    if let Some((second, ..)) = given.next() {
        return Err(format!("give one of {names}, not both `{name}` and `{second}`"));
    }
    if figure == Duration::ZERO {
        return Err(format!("`{name}` must be above zero"));
    }
    Ok(figure.as_secs_f64() / of_one)
}

impl<'de> Deserialize<'de> for DurationLaw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DurationLaw, D::Error> {
        // The derived function of the same name, which `remote = "Self"` makes an inherent one.
        let law = DurationLaw::deserialize(deserializer)?;
        law.law().map_err(de::Error::custom)?;
        Ok(law)
    }
}

impl Serialize for DurationLaw {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        DurationLaw::serialize(self, serializer)
    }
}

impl Law {
    /// Draws a duration from a law in seconds.
    pub fn sample_duration(&self, source: &mut impl Source) -> Duration {
        Duration::from_secs_f64(self.sample(source))
    }

    /// Draws the equilibrium residual of a law in seconds.
    ///
    /// Panics if the law has no finite mean.
    pub fn residual_duration(&self, source: &mut impl Source) -> Duration {
        Duration::from_secs_f64(self.residual(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Noise;

    #[derive(Debug, Deserialize, Serialize)]
    struct File {
        gap: DurationLaw,
    }

    fn read(toml: &str) -> Result<Law, String> {
        let file: File = toml::from_str(toml).map_err(|error| error.to_string())?;
        file.gap.law()
    }

    const HYPEREXPONENTIAL: &str = "mixture = [{ weight = 9, law = { exponential = { mean = '10ms' } } }, \
                                    { weight = 1, law.exponential.mean = '1s' }]";

    fn hyperexponential() -> Law {
        let [short, long] = [0.01, 1.0].map(|mean| Law::Exponential { mean });
        Law::Mixture(Mixture::new(vec![(0.9, short), (0.1, long)]).unwrap())
    }

    #[test]
    fn each_law_reads_from_its_table() {
        let nested =
            format!("mixture = [{{ weight = 2, law.constant = '3s' }}, {{ weight = 1, law.{HYPEREXPONENTIAL} }}]");
        for (written, law) in [
            (r#"constant = "1s""#, Law::Constant(1.0)),
            (r#"uniform = { low = "1s", high = "3s" }"#, Law::Uniform { low: 1.0, high: 3.0 }),
            (r#"exponential = { mean = "1h" }"#, Law::Exponential { mean: 3600.0 }),
            (r#"weibull = { shape = 0.6, scale = "169min" }"#, Law::Weibull { shape: 0.6, scale: 10_140.0 }),
            (r#"pareto = { shape = 2.0, scale = "10s" }"#, Law::Pareto { shape: 2.0, scale: 10.0 }),
            (r#"pareto = { shape = 2.0, mean = "20s" }"#, Law::Pareto { shape: 2.0, scale: 10.0 }),
            (r#"lognormal = { sigma = 1.5, median = "1s" }"#, Law::Lognormal { mu: 0.0, sigma: 1.5 }),
            (r#"gamma = { shape = 2.0, mean = "3s" }"#, Law::Gamma { shape: 2.0, scale: 1.5 }),
            (r#"normal = { mean = "60s", sd = "6s" }"#, Law::Normal { mean: 60.0, sd: 6.0 }),
            (HYPEREXPONENTIAL, hyperexponential()),
            (&nested, Law::Mixture(Mixture::new(vec![(2.0, Law::Constant(3.0)), (1.0, hyperexponential())]).unwrap())),
        ] {
            assert_eq!(read(&format!("gap = {{ {written} }}")), Ok(law.clone()));
            assert_eq!(read(&format!("gap.{written}")), Ok(law), "dotted");
        }
    }

    #[test]
    fn a_law_given_by_its_mean_or_median_has_it() {
        for law in
            ["exponential = {", "weibull = { shape = 0.6,", "pareto = { shape = 1.7,", "lognormal = { sigma = 1.2,"]
        {
            let by_mean = read(&format!("gap.{law} mean = \"90s\" }}")).unwrap();
            assert!((by_mean.mean() / 90.0 - 1.0).abs() < 1e-12, "{by_mean:?}");
            let by_median = read(&format!("gap.{law} median = \"90s\" }}")).unwrap();
            let median = match &by_median {
                Law::Lognormal { mu, .. } => libm::exp(*mu),
                closed => closed.quantile(0.5).unwrap(),
            };
            assert!((median / 90.0 - 1.0).abs() < 1e-12, "{by_median:?}");
        }
        let gamma = read("gap.gamma = { shape = 0.4, mean = \"90s\" }").unwrap();
        assert!((gamma.mean() / 90.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn mistakes_are_shown_where_they_are_with_what_would_be_right() {
        for (written, place, right) in [
            ("weibul = { shape = 0.6 }", "column 10", "`weibull`"),
            ("weibull = { shape = 0.6, scal = \"1s\" }", "column 35", "available keys: shape, scale, mean, median"),
            ("weibull = { shape = 0.6 }", "column 8", "give one of `scale`, `mean`, `median`"),
            ("weibull = { shape = 0.6, mean = \"1s\", median = \"2s\" }", "column 8", "not both `mean` and `median`"),
            ("weibull = { shape = -0.6, mean = \"1s\" }", "column 8", "`shape` must be above zero"),
            ("weibull = { scale = \"1s\" }", "column 20", "missing field `shape`"),
            ("exponential = { mean = \"1\" }", "column 33", "has no unit"),
            ("exponential = { mean = 1 }", "column 33", "a duration with a unit"),
            ("exponential = { mean = \"0s\" }", "column 8", "`mean` must be above zero"),
            ("pareto = { shape = 1.0, mean = \"1s\" }", "column 8", "give its `scale` or its `median`"),
            ("uniform = { low = \"2s\", high = \"1s\" }", "column 8", "`low` (2) must not be above `high` (1)"),
            ("mixture = []", "column 8", "a mixture needs a component"),
            ("mixture = [{ weight = 0, law.constant = \"1s\" }]", "column 8", "`weight` must be above zero"),
            ("mixture = [{ law.constant = \"1s\" }]", "column 21", "missing field `weight`"),
            (
                "mixture = [{ weight = 1, law.weibull.shape = 0.5 }]",
                "column 35",
                "give one of `scale`, `mean`, `median`",
            ),
        ] {
            let error = read(&format!("\n gap = {{ {written} }}")).unwrap_err();
            assert!(error.contains("line 2") && error.contains(place) && error.contains(right), "{error}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for law in [
            DurationLaw::Constant(Duration::from_secs(1)),
            DurationLaw::exponential(Duration::from_millis(1500)),
            DurationLaw::weibull(0.61511, Duration::from_secs_f64(169.5385 * 60.0)),
            DurationLaw::Lognormal { sigma: 0.5, mean: None, median: Some(Duration::from_secs(90)) },
            DurationLaw::Normal { mean: Duration::from_secs(60), sd: Duration::from_secs(6) },
            DurationLaw::Mixture(vec![Weighted { weight: 0.5, law: DurationLaw::exponential(Duration::from_secs(1)) }]),
        ] {
            let text = toml::to_string(&File { gap: law.clone() }).unwrap();
            assert_eq!(toml::from_str::<File>(&text).unwrap().gap, law, "{text}");
        }
    }

    #[test]
    fn the_schema_names_every_law_and_its_keys() {
        let schema = schemars::schema_for!(DurationLaw).to_value().to_string();
        for name in [
            "constant",
            "uniform",
            "exponential",
            "weibull",
            "pareto",
            "lognormal",
            "gamma",
            "normal",
            "mixture",
            "median",
        ] {
            assert!(schema.contains(&format!("\"{name}\"")), "{name}: {schema}");
        }
        assert!(schema.contains("\"additionalProperties\":false"), "{schema}");
    }

    #[test]
    fn a_draw_is_rounded_to_nanoseconds() {
        assert_eq!(Law::Constant(1.5).sample_duration(&mut Noise::new(1)), Duration::from_millis(1500));
        let left = Law::Constant(1.5).residual_duration(&mut Noise::new(1));
        assert!(left < Duration::from_millis(1500));
    }
}
