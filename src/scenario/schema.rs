//! JSON Schema of the scenario file, for editors: they complete keys, show their documentation and mark errors.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::file;
use super::registered::Registered;

/// Schema of scenarios that use these protocols, draft 2020-12.
pub fn schema(registered: &[Registered]) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let properties = properties(&mut generator, registered);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A peerlab scenario",
        "type": "object",
        "properties": properties,
        "required": ["population", "systems"],
        "additionalProperties": false,
        "$defs": generator.take_definitions(true),
    })
}

fn properties(generator: &mut SchemaGenerator, registered: &[Registered]) -> Value {
    let systems = systems(generator, registered);
    json!({
        "title": { "type": "string", "description": "Question that the scenario asks. Default: the name of the file." },
        "seed": { "type": "integer", "minimum": 0, "description": "Seed of the first repetition. Default 1." },
        "time": generator.subschema_for::<file::Time>(),
        "population": generator.subschema_for::<file::Population>(),
        "network": generator.subschema_for::<file::Network>(),
        "resources": generator.subschema_for::<file::Resources>(),
        "storage": generator.subschema_for::<file::Storage>(),
        "traversal": generator.subschema_for::<file::Traversal>(),
        "workload": generator.subschema_for::<file::Workload>(),
        "events": { "type": "array", "items": generator.subschema_for::<file::Event>() },
        "expect": { "type": "array", "items": generator.subschema_for::<file::Expect>() },
        "systems": systems,
        "sweep": generator.subschema_for::<file::Sweep>(),
    })
}

/// Schema of systems: any name, and below it exactly one protocol and optional tables of its own for storage,
/// traversal, message sizes and bootstrap.
fn systems(generator: &mut SchemaGenerator, registered: &[Registered]) -> Value {
    let tables: Vec<(&str, Schema)> =
        registered.iter().map(|protocol| (protocol.name, (protocol.schema)(generator))).collect();
    let mut properties: Map<String, Value> =
        tables.into_iter().map(|(name, schema)| (name.to_string(), schema.to_value())).collect();
    properties.insert("storage".into(), generator.subschema_for::<file::Storage>().to_value());
    properties.insert("traversal".into(), generator.subschema_for::<file::Traversal>().to_value());
    properties.insert("wire".into(), generator.subschema_for::<file::Wire>().to_value());
    properties.insert("bootstrap".into(), generator.subschema_for::<file::Bootstrap>().to_value());
    let one_protocol: Vec<Value> = registered.iter().map(|protocol| json!({ "required": [protocol.name] })).collect();
    json!({
        "type": "object",
        "description": "Architectures under test, by name.",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "oneOf": one_protocol,
        },
    })
}
