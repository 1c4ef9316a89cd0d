//! Connections and traversal: what systems have, and what is refused where.

use super::mistakes::{messages, with};
use super::{SHORT, plan};
use crate::engine::Duration;

#[test]
fn packets_are_datagrams_unless_a_system_or_all_have_connections() {
    assert_eq!(plan(SHORT, &[]).systems[0].connections, None);
    let said = format!(
        "{SHORT}systems.b = {{ ring = {{}}, traversal = {{ transport = 'datagram' }} }}\n\
         systems.c = {{ ring = {{}}, traversal = {{ keep_alive = 'off', connections = 50 }} }}\n\
         traversal = {{ transport = 'connection', idle_close = '3min', relays = {{ rate = '2Mbit/s' }} }}\n"
    );
    let [a, b, c] = <[_; 3]>::try_from(plan(&said, &[]).systems.clone()).expect("there are three");
    let common = a.connections.expect("all have them");
    assert_eq!((common.idle_close, common.limit), (Some(Duration::from_secs(180)), None));
    assert_eq!((common.dial_timeout, common.keep_alive), (Duration::from_secs(5), Some(Duration::from_secs(25))));
    assert!(common.reversal && common.punching && common.relays.is_some_and(|relays| relays.rate == 2e6));
    assert_eq!(b.connections, None);
    let own = c.connections.expect("all have them");
    assert_eq!((own.keep_alive, own.limit, own.idle_close), (None, Some(50), common.idle_close));
}

#[test]
fn what_is_said_of_connections_where_there_are_none_is_refused() {
    with("traversal = { punching = false }", "`punching` says something of connections, and there are none", "false");
    let system = "systems.b = { ring = {}, traversal = { dial_timeout = '9s' } }";
    with(system, "`dial_timeout` says something of connections, and there are none", "'9s'");
}

#[test]
fn zeros_and_words_that_mean_nothing_are_refused() {
    let connection = |rest: &str| format!("traversal = {{ transport = 'connection', {rest} }}");
    with(&connection("dial_timeout = '0s'"), "`dial_timeout` cannot be 0s", "'0s'");
    with(&connection("keep_alive = '0s'"), "`keep_alive` cannot be 0s", "'0s'");
    with(&connection("connections = 2"), "2 connections are too few", "2");
    with(&connection("relays.connections = 0"), "a relay without connections forwards nothing", "0");
    let few = messages(&format!("{SHORT}{}", connection("connections = 'few'")), &[]);
    assert_eq!(few, ["invalid value: string \"few\", expected a number of connections, or \"unlimited\""]);
    let soon = messages(&format!("{SHORT}{}", connection("keep_alive = 'soon'")), &[]);
    assert!(soon.len() == 1 && soon[0].contains("`soon` is not a duration"), "{soon:?}");
}
