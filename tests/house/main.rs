//! The rules of the house: who may name whom, and how long a file may be.

mod circles;

use std::fs;
use std::path::{Path, PathBuf};

/// Folder or file under `src/` and its layer (the table in `lib.rs`).
const LAYERS: &[(&str, u32)] = &[
    ("engine", 0),
    ("model", 1),
    ("network", 2),
    ("overlay", 2),
    ("connectivity", 3),
    ("protocols", 3),
    ("storage", 3),
    ("population", 4),
    ("scenario", 5),
    ("measure", 6),
    ("run", 7),
    ("registry", 8),
    ("sweep", 9),
    ("report", 10),
    ("cli", 11),
];

fn layer(module: &str) -> Option<u32> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// All Rust files below `dir`, with their text.
fn files(dir: &Path, out: &mut Vec<(PathBuf, String)>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(dir).expect("the folder is there").map(|entry| entry.expect("it can be read").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("it can be read");
            out.push((path, text));
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    assert!(all.len() > 50, "the sources were not found");
    all
}

/// The module under `src/` that a file belongs to.
fn module(path: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = path.strip_prefix(source).expect("it is below src").components().next().expect("it has a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_string()
}

/// The modules named as `crate::…` in a line of code.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or(line);
    code.split("crate::")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
}

#[test]
fn no_layer_names_a_higher_one_or_its_neighbour() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = module(&path);
        let Some(own_layer) = layer(&own) else {
            assert!(["lib", "main"].contains(&own.as_str()), "{} has no layer", path.display());
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            for other in named(line).filter(|other| *other != own) {
                if layer(other).is_none_or(|layer| layer >= own_layer) {
                    wrong.push(format!("{}:{number}: {own} names {other}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "over 400 lines:\n{}", long.join("\n"));
}

#[test]
fn only_the_command_line_prints_and_reads_the_clock() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if ["cli", "main"].contains(&module(&path).as_str()) {
            continue;
        }
        // Tests may print a note where data is absent.
        let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
        let is_test = text.contains("#[test]") && !text.contains("#[cfg(test)]");
        for (number, line) in (1..).zip(code.lines()).filter(|_| !is_test) {
            for word in
                ["println!", "eprintln!", "eprint!", "Instant::now", "SystemTime", "std::env::var", "thread_rng"]
            {
                if line.contains(word) && !line.trim_start().starts_with("//") {
                    wrong.push(format!("{}:{number}: {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A dependency that no source names is one that everybody compiles for nothing.
#[test]
fn every_dependency_is_named_in_a_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("there is a manifest");
    let manifest: toml::Table = manifest.parse().expect("it is TOML");
    for (section, folders) in
        [("dependencies", &["src"][..]), ("dev-dependencies", &["src", "tests", "benches", "examples"])]
    {
        let mut all = Vec::new();
        folders.iter().for_each(|folder| files(&root.join(folder), &mut all));
        for name in manifest[section].as_table().expect("a table").keys() {
            let path = format!("{}::", name.replace('-', "_"));
            assert!(all.iter().any(|(_, text)| text.contains(&path)), "no source of [{section}] names {name}");
        }
    }
}

/// Words that stand for something which a reader of the generated documentation does not see.
const PRONOUNS: [&str; 17] = [
    "It ",
    "Its ",
    "They ",
    "Their ",
    "He ",
    "His ",
    "Who ",
    "Whom ",
    "Whose ",
    "Whoever ",
    "Nobody ",
    "Somebody ",
    "Everybody ",
    "Those ",
    "These ",
    "This ",
    "The same",
];

#[test]
fn doc_comments_begin_with_a_noun() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let mut before = "";
        for (number, line) in (1..).zip(text.lines().map(str::trim_start)) {
            let first = line.strip_prefix("/// ").filter(|_| !before.starts_with("///"));
            if first.is_some_and(|first| PRONOUNS.iter().any(|word| first.starts_with(word))) {
                wrong.push(format!("{}:{number}: {line}", path.display()));
            }
            before = line;
        }
    }
    assert!(wrong.is_empty(), "write the noun:\n{}", wrong.join("\n"));
}

/// The Markdown files that a comment names, with their folders.
fn documents(line: &str) -> impl Iterator<Item = &str> {
    let line = if line.trim_start().starts_with(['#', '/']) { line } else { "" };
    let is_path = |c: char| c.is_alphanumeric() || "._/-".contains(c);
    line.split(move |c| !is_path(c)).map(|word| word.trim_end_matches('.')).filter(|word| word.ends_with(".md"))
}

/// Words in capitals before a section's sign: documents that are cited by a name of their own.
fn cited(line: &str) -> impl Iterator<Item = &str> {
    let before = line.match_indices(" \u{a7}").map(|(at, _)| &line[..at]);
    let words = before.filter_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()).next_back());
    words.filter(|word| word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase()))
}

/// Whoever reads the code has the repository, and nothing else of ours.
#[test]
fn every_document_that_is_cited_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut wrong, mut found) = (Vec::new(), 0);
    let mut texts = Vec::new();
    ["src", "tests", "benches", "examples", "scenarios", "scripts", ".ci"]
        .iter()
        .for_each(|folder| all_texts(&root.join(folder), &mut texts));
    for (path, text) in texts {
        let beside = path.parent().expect("it is in a folder");
        for (number, line) in (1..).zip(text.lines()) {
            let is_there = |name: &str| [root, &root.join("docs"), beside].iter().any(|it| it.join(name).exists());
            let missing = documents(line).filter(|name| !is_there(name)).chain(cited(line));
            wrong.extend(missing.map(|name| format!("{}:{number}: there is no {name}", path.display())));
            found += documents(line).count();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 10, "{found} documents were found");
}

/// All files below `dir` that are text, with it.
fn all_texts(dir: &Path, out: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(dir).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let is_output = ["target", "corpus", "artifacts"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !is_output {
            all_texts(&path, out);
        } else if let Ok(text) = fs::read_to_string(&path) {
            out.push((path, text));
        }
    }
}

/// The first page of a room is a map: it names each of its files that is not a test.
#[test]
fn the_first_page_of_a_room_names_its_files() {
    let mut rooms = 0;
    for (path, text) in sources().iter().filter(|(path, _)| path.ends_with("mod.rs")) {
        let room = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("it is below src");
        if room.components().count() > 2 {
            continue;
        }
        let (page, code) = text.split_once("\n\n").expect("a page, and code");
        let code = code
            .replace("#[cfg(test)]\nmod", "")
            .replace("#[cfg(test)]\npub mod", "")
            .replace("#[cfg(test)]\npub(crate) mod", "");
        let modules = code.lines().filter_map(|line| line.strip_suffix(';')?.rsplit_once("mod ").map(|(_, name)| name));
        for module in modules.filter(|name| !name.contains(' ')) {
            assert!(
                page.contains(&format!("`{module}")),
                "{}: its first page does not name `{module}`",
                room.display()
            );
        }
        rooms += 1;
    }
    assert!(rooms > 10, "the rooms were not found");
}
