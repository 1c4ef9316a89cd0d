//! Registered protocols as the scenario sees them: a name and the functions that read its table.
//!
//! The scenario knows no protocol. From a list of these follow the valid names and keys of a system's table, and the
//! error messages.

use std::any::Any;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::engine::Duration;
use crate::overlay::{self, Config, Placement, Preset, Protocol};

/// Configuration of a protocol; the registry knows the type.
pub type AnyConfig = dyn Any + Send + Sync;

/// Registered protocol. See [`Registered::of`].
#[derive(Clone, Copy, Debug)]
pub struct Registered {
    /// Name of its table: `[systems.NAME.chord]`.
    pub name: &'static str,
    /// Parser of its table, with checks.
    pub parse: for<'a> fn(Spanned<DeValue<'a>>) -> Result<Arc<AnyConfig>, Refusal>,
    /// Configuration for a number of replicas, given the result of `parse`.
    pub for_copies: fn(&AnyConfig, u32) -> Arc<AnyConfig>,
    /// [`Config::most_copies`], given the result of `parse`.
    pub most_copies: fn(&AnyConfig) -> Option<(&'static str, u32)>,
    /// [`Config::doubt`], likewise.
    pub doubt: fn(&AnyConfig) -> Option<overlay::Problem>,
    /// Timeout of [`Config::patience`], likewise.
    pub rpc_timeout: fn(&AnyConfig) -> Duration,
    /// [`Config::presets`].
    pub presets: fn() -> &'static [Preset],
    /// JSON Schema of its table.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether resources are stored in full: there are no pieces and no number of replicas.
    pub in_full: bool,
    /// Longest period of its maintenance, given the result of `parse`.
    pub longest_period: fn(&AnyConfig) -> Duration,
    /// [`Config::nodes_per_machine`], likewise.
    pub nodes_per_machine: fn(&AnyConfig) -> u32,
    /// Regions of its servers, likewise; `None`: the network's region for servers.
    pub regions: fn(&AnyConfig) -> Vec<Option<String>>,
    /// [`Protocol::PLACEMENT`].
    pub placement: Placement,
    /// [`Config::filtered`], likewise.
    pub filtered: fn(&AnyConfig) -> Option<overlay::Problem>,
    /// [`Config::remerges`], likewise.
    pub remerges: fn(&AnyConfig) -> bool,
    /// [`Protocol::MOST_NODES`].
    pub most_nodes: u32,
}

/// Error of a protocol's table.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Unreadable: unknown key, wrong type, missing unit. Carries the position.
    Unreadable(toml::de::Error),
    /// Readable, but with an invalid value.
    Wrong(overlay::Problem),
}

impl Registered {
    /// Protocol `P` under a name.
    pub const fn of<P: Protocol>(name: &'static str) -> Registered {
        Registered {
            name,
            parse: parse_config::<P::Config>,
            for_copies: for_copies::<P>,
            most_copies: most_copies::<P>,
            doubt: doubt::<P>,
            rpc_timeout: rpc_timeout::<P>,
            presets: P::Config::presets,
            schema: schema_of::<P::Config>,
            in_full: !matches!(P::PLACEMENT, Placement::Closest(_)),
            longest_period: longest_period::<P>,
            nodes_per_machine: nodes_per_machine::<P>,
            regions: regions::<P>,
            placement: P::PLACEMENT,
            filtered: filtered::<P>,
            remerges: remerges::<P>,
            most_nodes: P::MOST_NODES,
        }
    }
}

/// Reads a protocol's table as `C` and checks it.
pub fn parse_config<C: Config>(table: Spanned<DeValue<'_>>) -> Result<Arc<AnyConfig>, Refusal> {
    let table = with_preset(table, C::presets());
    let config = C::deserialize(ValueDeserializer::from(table)).map_err(Refusal::Unreadable)?;
    config.check().map_err(Refusal::Wrong)?;
    Ok(Arc::new(config))
}

/// Table with the keys of its preset filled in; an unknown preset is detected when the table is read.
fn with_preset<'a>(mut table: Spanned<DeValue<'a>>, presets: &[Preset]) -> Spanned<DeValue<'a>> {
    if let DeValue::Table(said) = table.get_mut()
        && let Some(name) = said.get("preset").and_then(|name| name.get_ref().as_str())
        && let Some(preset) = presets.iter().find(|preset| preset.name == name)
    {
        let keys = DeTable::parse(preset.keys).expect("presets are TOML").into_inner();
        for (key, value) in keys {
            said.entry(key).or_insert(value);
        }
    }
    table
}

fn for_copies<P: Protocol>(config: &AnyConfig, replicas: u32) -> Arc<AnyConfig> {
    let mut config = own::<P>(config).clone();
    config.for_copies(replicas);
    Arc::new(config)
}

fn most_copies<P: Protocol>(config: &AnyConfig) -> Option<(&'static str, u32)> {
    own::<P>(config).most_copies()
}

fn doubt<P: Protocol>(config: &AnyConfig) -> Option<overlay::Problem> {
    own::<P>(config).doubt()
}

fn rpc_timeout<P: Protocol>(config: &AnyConfig) -> Duration {
    own::<P>(config).patience().timeout
}

fn longest_period<P: Protocol>(config: &AnyConfig) -> Duration {
    own::<P>(config).longest_period()
}

fn nodes_per_machine<P: Protocol>(config: &AnyConfig) -> u32 {
    own::<P>(config).nodes_per_machine()
}

fn remerges<P: Protocol>(config: &AnyConfig) -> bool {
    own::<P>(config).remerges()
}

fn filtered<P: Protocol>(config: &AnyConfig) -> Option<overlay::Problem> {
    own::<P>(config).filtered()
}

fn regions<P: Protocol>(config: &AnyConfig) -> Vec<Option<String>> {
    own::<P>(config).servers().into_iter().map(|server| server.region).collect()
}

fn own<P: Protocol>(config: &AnyConfig) -> &P::Config {
    config.downcast_ref().expect("the configuration is what this protocol's parser made")
}

/// Schema of a protocol's table, inlined, so that the key's own documentation may stand beside it.
fn schema_of<C: Config>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<C>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::chord;

    fn read<C: Config>(text: &str) -> Result<C, String> {
        let table = DeTable::parse(text).expect("it is TOML");
        let span = table.span();
        let config = parse_config::<C>(Spanned::new(span, DeValue::Table(table.into_inner())));
        let config = config.map_err(|refusal| format!("{refusal:?}"))?;
        Ok(config.downcast_ref::<C>().expect("it was made as that").clone())
    }

    #[test]
    fn keys_beside_a_preset_override_it() {
        let config = read::<chord::Config>("preset = \"oversim\"\nattempts = 3").expect("both are there");
        assert_eq!((config.attempts, config.verify, config.merge), (3, true, false));
        let plain = read::<chord::Config>("").expect("nothing need be said");
        assert_eq!(plain, chord::Config::default());
        let error = read::<chord::Config>("preset = \"oversimm\"").unwrap_err();
        assert!(error.contains("ton2003") && error.contains("oversim"), "{error}");
    }
}
