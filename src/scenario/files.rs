//! The files that a scenario names: where they lie, seen from its results, and what is in them.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::document::Document;
use super::path::Path as Key;
use crate::engine::input;

/// The keys whose value is the path of a file.
const KEYS: [&[&str]; 4] = [
    &["network", "latency", "matrix", "file"],
    &["network", "latency", "coordinates", "file"],
    &["population", "churn", "trace"],
    &["workload", "trace"],
];

/// Puts what `name` makes of it in the place of every path of a file, those among the values of axes included.
pub(super) fn rename(document: &mut Document<'_>, mut name: impl FnMut(&str) -> String) {
    let root = document.root_mut();
    for key in KEYS {
        in_table(root, key, &mut name);
        let Some(DeValue::Table(sweep)) = root.get_mut("sweep").map(|sweep| sweep.get_mut()) else { continue };
        let Some(DeValue::Table(axes)) = sweep.get_mut("axes").map(|axes| axes.get_mut()) else { continue };
        for (axis, values) in axes.iter_mut() {
            let Ok(axis) = Key::of_axis(axis.get_ref(), axis.span()) else { continue };
            let above = axis.keys().iter().map(|key| key.name.as_str());
            if let (Some(below), DeValue::Array(list)) = (below(key, above), values.get_mut()) {
                list.iter_mut().for_each(|value| in_value(value.get_mut(), below, &mut name));
            }
        }
    }
}

/// What is left of `key` behind `above`, if it begins so.
fn below<'k>(key: &'k [&'k str], above: impl Iterator<Item = impl AsRef<str>>) -> Option<&'k [&'k str]> {
    above
        .into_iter()
        .try_fold(key, |key, name| key.split_first().filter(|(first, _)| **first == name.as_ref()).map(|it| it.1))
}

fn in_table(table: &mut DeTable<'_>, key: &[&str], name: &mut impl FnMut(&str) -> String) {
    if let Some((first, below)) = key.split_first()
        && let Some(value) = table.get_mut(*first)
    {
        in_value(value.get_mut(), below, name);
    }
}

fn in_value(value: &mut DeValue<'_>, key: &[&str], name: &mut impl FnMut(&str) -> String) {
    match value {
        DeValue::Table(table) => in_table(table, key, name),
        DeValue::String(path) if key.is_empty() => *path = name(path).into(),
        _ => {}
    }
}

/// Names the content of a file; `None` of one that cannot be read, which is one that no run reads: an axis replaces it.
pub(super) fn content(path: &Path) -> Option<String> {
    let mut hash = blake3::Hasher::new();
    hash.update_reader(input::open(path).ok()?).ok()?;
    Some(format!("blake3:{}", hash.finalize().to_hex()))
}

/// `path`, which begins at `folder`, as seen from `directory`: with the same steps on every machine where both lie alike.
/// An absolute path stays as it is.
pub(super) fn seen_from(directory: &Path, folder: &Path, path: &str) -> String {
    let file = folder.join(path);
    let real = || {
        // Links on the way are followed, since `..` behind one leads elsewhere; the file itself keeps its name.
        let home = Path::new(".").join(&file).parent()?.canonicalize().ok()?;
        Some((directory.canonicalize().ok()?, home.join(file.file_name()?)))
    };
    match real() {
        Some((from, to)) if Path::new(path).is_relative() => relative(&from, &to),
        _ => path.to_owned(),
    }
}

/// The way between two absolute paths; without a common root, where there is none, `to` itself.
fn relative(from: &Path, to: &Path) -> String {
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    if common == 0 {
        return to.to_string_lossy().into_owned();
    }
    let up = from.components().skip(common).map(|_| "..".into());
    let down = to.components().skip(common).map(|step| step.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_up_to_the_common_root_and_down_again() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(way("/a/results/x", "/a/scenarios/rtt.csv"), "../../scenarios/rtt.csv");
        assert_eq!(way("/a", "/a/data/rtt.csv"), "data/rtt.csv");
        assert_eq!(way("/a/b", "/c/rtt.csv"), "../../c/rtt.csv");
    }

    #[test]
    fn an_absolute_path_and_one_that_leads_nowhere_stay() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(seen_from(home.path(), home.path(), "/no/such/rtt.csv"), "/no/such/rtt.csv");
        assert_eq!(seen_from(home.path(), home.path(), "gone/rtt.csv"), "gone/rtt.csv");
        assert_eq!(seen_from(home.path(), home.path(), "rtt.csv"), "rtt.csv");
    }
}
