//! Every link leads somewhere, and every page can be found.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{PAGES, Page, root, written};

/// `a/../b` is `b`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for step in path.components() {
        match step {
            Component::ParentDir => assert!(plain.pop(), "{} leads out of the repository", path.display()),
            step => plain.push(step),
        }
    }
    plain
}

/// Where the links of a text lead.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).map(|rest| rest.split(')').next().expect("there is a first part"))
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(page: &Page) -> BTreeSet<String> {
    let prose = page.prose();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    headings.map(|line| line.trim_start_matches('#').trim().chars().filter_map(kept).collect()).collect()
}

#[test]
fn every_link_leads_to_a_file_or_a_heading_that_is_there() {
    let mut followed = 0;
    for page in PAGES.iter() {
        let prose = page.prose();
        for target in targets(&prose).filter(|target| !target.starts_with("https://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let folder = page.path.parent().expect("it is in a folder");
            let path = if file.is_empty() { page.path.clone() } else { plain(&folder.join(file)) };
            assert!(root().join(&path).exists(), "{}: there is no {target}", page.path.display());
            if !anchor.is_empty() {
                let there = PAGES.iter().find(|other| other.path == path).map(anchors);
                assert!(there.is_some_and(|it| it.contains(anchor)), "{}: no {target}", page.path.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed} links were found");
}

#[test]
fn the_summary_has_every_page_once() {
    let summary = Page::read("docs/SUMMARY.md".into());
    let listed: Vec<PathBuf> = targets(&summary.text).map(|target| Path::new("docs").join(target)).collect();
    let mut told = listed.clone();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), listed.len(), "a page is listed twice");
    let outside = |path: &Path| path == Path::new("README.md") || path == Path::new("docs/SUMMARY.md");
    let mut there: Vec<PathBuf> = PAGES.iter().map(|page| page.path.clone()).filter(|path| !outside(path)).collect();
    there.sort();
    assert_eq!(told, there);
}

#[test]
fn every_page_can_be_read_in_one_sitting() {
    for page in written() {
        let lines = page.text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", page.path.display());
    }
    let readme = PAGES.iter().find(|page| page.path == Path::new("README.md")).expect("there is one");
    assert!(readme.text.len() <= 10_000, "the README has {} bytes", readme.text.len());
}
