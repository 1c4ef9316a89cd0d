//! Meaning of `[network.wire]` and `[systems.….wire]`.

use super::check::{Check, Noted};
use super::file;
use crate::engine::{Duration, Size};
use crate::overlay::Placement;
use crate::overlay::wire::{Handshake, Wire};

/// Table of a system.
pub(super) const WIRE: &str = "wire";
/// Table for all systems.
const COMMON: &str = "network.wire";

/// Most bytes of any part: a header does not fill a packet.
const LARGEST: u64 = 4 << 10;
/// Most bytes of a handshake in either direction: several chains of certificates.
const LARGEST_HANDSHAKE: u64 = 64 << 10;
const MOST_ROUND_TRIPS: u32 = 10;

/// Table for all systems, checked separately.
pub(super) fn common(check: &mut Check<'_>) -> Result<file::Wire, Noted> {
    let said = check.read::<file::Wire>(COMMON)?.unwrap_or_default();
    overridden(check, COMMON, Wire::BEP5, &said)?;
    Ok(said)
}

/// Message sizes of a system at `path`; keys left out have the values of `common`, unless it names a preset. Without
/// any preset the sizes are those of a deployment: peers as in BitTorrent's DHT, clients and server as on the web.
pub(super) fn wire(
    check: &mut Check<'_>,
    path: &str,
    own: &file::Wire,
    common: &file::Wire,
    placement: Placement,
) -> Result<Wire, Noted> {
    if let Some(preset) = own.preset {
        return overridden(check, path, sizes(preset), own);
    }
    let deployed = if placement.is_servers() { Wire::HTTPS } else { Wire::BEP5 };
    let common = overridden(check, COMMON, common.preset.map_or(deployed, sizes), common)?;
    overridden(check, path, common, own)
}

fn sizes(preset: file::WirePreset) -> Wire {
    match preset {
        file::WirePreset::Bep5 => Wire::BEP5,
        file::WirePreset::Libp2p => Wire::LIBP2P,
        file::WirePreset::P2psim => Wire::P2PSIM,
        file::WirePreset::Https => Wire::HTTPS,
    }
}

/// `wire`, with the keys at `path` overriding it.
fn overridden(check: &mut Check<'_>, path: &str, wire: Wire, said: &file::Wire) -> Result<Wire, Noted> {
    let mut size =
        |key: &str, said: Option<Size>, default| bytes(check, &format!("{path}.{key}"), said, default, LARGEST);
    let wire = Wire {
        packet: size("packet", said.packet, wire.packet)?,
        request: size("request", said.request, wire.request)?,
        ping: size("ping", said.ping, wire.ping)?,
        reply: size("reply", said.reply, wire.reply)?,
        identifier: size("identifier", said.identifier, wire.identifier)?,
        contact: size("contact", said.contact, wire.contact)?,
        handshake: wire.handshake,
    };
    let Some(said) = said.handshake else { return Ok(wire) };
    Ok(Wire { handshake: handshake(check, &format!("{path}.handshake"), wire.handshake, said)?, ..wire })
}

fn bytes(check: &mut Check<'_>, path: &str, said: Option<Size>, default: u32, most: u64) -> Result<u32, Noted> {
    match said {
        None => Ok(default),
        Some(Size(bytes)) if bytes <= most => Ok(bytes as u32),
        Some(size) => {
            let message = format!("{size} is no size of a part of a message");
            Err(check.wrong(path, message, format!("write {} at most", Size(most))))
        }
    }
}

fn handshake(
    check: &mut Check<'_>,
    path: &str,
    preset: Option<Handshake>,
    said: file::Handshake,
) -> Result<Option<Handshake>, Noted> {
    let none = Handshake { bytes: 0, answer: 0, round_trips: 0, idle: Duration::from_secs(60) };
    let preset = preset.unwrap_or(none);
    let mut size = |key, said, default| bytes(check, &format!("{path}.{key}"), said, default, LARGEST_HANDSHAKE);
    let (bytes, answer) = (size("bytes", said.bytes, preset.bytes)?, size("answer", said.answer, preset.answer)?);
    let round_trips = said.round_trips.unwrap_or(preset.round_trips);
    if round_trips > MOST_ROUND_TRIPS {
        let help = format!("write {MOST_ROUND_TRIPS} at most");
        return Err(check.wrong(
            &format!("{path}.round_trips"),
            format!("{round_trips} round trips are too many"),
            help,
        ));
    }
    let idle = said.idle.unwrap_or(preset.idle);
    if idle == Duration::ZERO {
        let help = "write how long two machines keep what they agreed on, as in \"1min\"";
        return Err(check.wrong(&format!("{path}.idle"), "`idle` cannot be 0s", help));
    }
    let costs = bytes > 0 || answer > 0 || round_trips > 0;
    Ok(costs.then_some(Handshake { bytes, answer, round_trips, idle }))
}
