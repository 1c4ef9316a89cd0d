//! Tells the program which commit its sources are of, for `manifest.json`.

use std::path::Path;
use std::process::Command;

/// What the program is built from.
const SOURCES: [&str; 4] = ["src", "Cargo.toml", "Cargo.lock", "build.rs"];

fn main() {
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let changes = git(&[&["status", "--porcelain", "--"], &SOURCES[..]].concat()).unwrap_or_default();
    let modified = if changes.is_empty() { "" } else { "-modified" };
    println!("cargo:rustc-env=PEERLAB_COMMIT={commit}{modified}");

    // Each commit adds a line to the log of HEAD. (A package from a registry has no repository and no such log.)
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists());
    for path in SOURCES.into_iter().map(str::to_owned).chain(log) {
        println!("cargo:rerun-if-changed={path}");
    }
}

/// What Git says, if the package's own directory is a repository's root.
fn git(arguments: &[&str]) -> Option<String> {
    let output = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    // A package unpacked somewhere below another repository would get that one's commit.
    output(&["rev-parse", "--show-prefix"]).filter(String::is_empty)?;
    output(arguments)
}
