//! The README and the pages of `docs/`: what they say is so, and what the program can say of itself it writes.

mod claims;
mod defaults;
mod figures;
mod links;
mod reference;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use assert_cmd::Command;

/// A page, by its path from the top of the repository.
struct Page {
    path: PathBuf,
    text: String,
}

/// Every page: the README and all below `docs/`, those of the program first brought up to date if that is asked for.
static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    if reference::is_writing() {
        reference::write();
    }
    let mut pages = Vec::new();
    below(Path::new("docs"), &mut pages);
    pages.push(Page::read("README.md".into()));
    assert!(pages.len() > 50, "the pages were not found");
    pages
});

/// The pages that people write.
fn written() -> impl Iterator<Item = &'static Page> {
    PAGES.iter().filter(|page| !page.path.starts_with(reference::FOLDER) && !page.path.ends_with("validation.md"))
}

fn below(folder: &Path, pages: &mut Vec<Page>) {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("it can be read").file_name()).collect();
    names.sort();
    for path in names.into_iter().map(|name| folder.join(name)) {
        if root().join(&path).is_dir() {
            below(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(Page::read(path));
        }
    }
}

impl Page {
    fn read(path: PathBuf) -> Page {
        let text = fs::read_to_string(root().join(&path)).expect("the page is there");
        Page { path, text }
    }

    /// The fenced blocks of this language.
    fn blocks(&self, language: &str) -> impl Iterator<Item = &str> {
        let after = self.text.split(&format!("```{language}\n")).skip(1).collect::<Vec<_>>();
        after.into_iter().map(|rest| rest.split("\n```").next().expect("there is a first part"))
    }

    /// What stands outside of fenced blocks.
    fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program, started at the top of the repository, told nothing of a terminal.
fn peerlab<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let mut command = Command::cargo_bin("peerlab").expect("the program is built");
    command.current_dir(root()).env_remove("COLUMNS").args(arguments).output().expect("it starts")
}

/// What the program said on stderr.
fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What stands between backticks.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a page that people write has this sentence, however its lines are broken.
fn is_said(sentence: &str) -> bool {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    written().any(|page| flat(&page.text).contains(sentence))
}

/// A table: the cells of its head, and of its rows.
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The tables of the pages that people write whose heads begin so.
fn tables(head: &str) -> Vec<Table> {
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let mut tables = Vec::new();
    for page in written() {
        let lines: Vec<&str> = page.text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with(head)) {
            let rows = lines[at + 2..].iter().take_while(|line| line.starts_with('|')).map(|row| cells(row)).collect();
            tables.push(Table { head: cells(line), rows });
        }
    }
    tables
}
