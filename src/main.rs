//! The `peerlab` program: the command line over this crate's own protocols.

use std::process::ExitCode;

use peerlab::registry::Registry;

fn main() -> ExitCode {
    peerlab::cli::main(Registry::standard())
}
