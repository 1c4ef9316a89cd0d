//! Meaning of `[traversal]` and `[systems.….traversal]`.

use super::check::{Check, Noted};
use super::file;
use crate::connectivity::{Connections, Relays};
use crate::engine::Duration;
use crate::engine::quantity::Switch;

/// Table for all systems.
pub(super) const TRAVERSAL: &str = "traversal";

/// Fewest connections: with fewer, a machine cannot act as rendezvous for two others.
const FEWEST: u32 = 3;

/// Table for all systems, checked separately.
pub(super) fn common(check: &mut Check<'_>) -> Result<file::Traversal, Noted> {
    let said = check.section::<file::Traversal>(TRAVERSAL)?.unwrap_or_default();
    connections(check, TRAVERSAL, &said, &file::Traversal::default())?;
    Ok(said)
}

/// Connections of a system at `path`; keys left out have the values of `common`. `None` with datagrams.
pub(super) fn connections(
    check: &mut Check<'_>,
    path: &str,
    own: &file::Traversal,
    common: &file::Traversal,
) -> Result<Option<Connections>, Noted> {
    if own.transport.or(common.transport).unwrap_or_default() == file::Transport::Datagram {
        return match pointless(own) {
            Some(key) => Err(check.wrong(
                &format!("{path}.{key}"),
                format!("`{key}` says something of connections, and there are none"),
                "add transport = \"connection\"",
            )),
            None => Ok(None),
        };
    }
    let defaults = [5, 25, 60].map(Duration::from_secs);
    let time = |own: Option<Switch>, common: Option<Switch>, default| own.or(common).unwrap_or(Switch(Some(default))).0;
    let dial_timeout = own.dial_timeout.or(common.dial_timeout).unwrap_or(defaults[0]);
    let keep_alive = time(own.keep_alive, common.keep_alive, defaults[1]);
    let idle_close = time(own.idle_close, common.idle_close, defaults[2]);
    for (key, value) in [("dial_timeout", Some(dial_timeout)), ("keep_alive", keep_alive), ("idle_close", idle_close)] {
        if value == Some(Duration::ZERO) {
            return Err(check.wrong(
                &format!("{path}.{key}"),
                format!("`{key}` cannot be 0s"),
                "write a time above zero",
            ));
        }
    }
    let limit = match own.connections.or(common.connections) {
        Some(file::Connections::AtMost(limit)) if limit < FEWEST => {
            let help = format!("write {FEWEST} or more, or \"unlimited\"");
            return Err(check.wrong(&format!("{path}.connections"), format!("{limit} connections are too few"), help));
        }
        Some(file::Connections::AtMost(limit)) => Some(limit),
        Some(file::Connections::Unlimited(_)) | None => None,
    };
    let relays = own.relays.or(common.relays).map(|said| relays(check, path, said)).transpose()?;
    let reversal = own.reversal.or(common.reversal).unwrap_or(true);
    let punching = own.punching.or(common.punching).unwrap_or(true);
    Ok(Some(Connections { dial_timeout, keep_alive, idle_close, limit, reversal, punching, relays }))
}

/// Key that has no meaning without connections, if one is given.
fn pointless(said: &file::Traversal) -> Option<&'static str> {
    let keys = [
        ("dial_timeout", said.dial_timeout.is_some()),
        ("keep_alive", said.keep_alive.is_some()),
        ("idle_close", said.idle_close.is_some()),
        ("connections", said.connections.is_some()),
        ("reversal", said.reversal.is_some()),
        ("punching", said.punching.is_some()),
        ("relays", said.relays.is_some()),
    ];
    keys.into_iter().find(|(_, is_said)| *is_said).map(|(key, _)| key)
}

fn relays(check: &mut Check<'_>, path: &str, said: file::Relays) -> Result<Relays, Noted> {
    let file::Relays { reservations, connections, rate, lifetime } = said;
    let zeros = [
        ("reservations", reservations == 0),
        ("connections", connections == 0),
        ("lifetime", lifetime == Duration::ZERO),
    ];
    if let Some((key, _)) = zeros.into_iter().find(|(_, is_zero)| *is_zero) {
        let (place, message) = (format!("{path}.relays.{key}"), format!("a relay without {key} forwards nothing"));
        return Err(check.wrong(&place, message, "leave the table `relays` out to have none"));
    }
    Ok(Relays { reservations, connections, rate: rate.0, lifetime })
}
