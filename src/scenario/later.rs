//! Keys of work that is not done yet: refused with these words rather than as unknown.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;

/// Paths; `*` stands for any key.
const LATER: &[&str] = &["storage.cache", "systems.*.storage.cache"];

/// Takes these keys out of the document, with a problem for each that was there.
pub(super) fn remove(table: &mut DeTable<'_>, parents: &mut Vec<String>, found: &mut Vec<Problem>) {
    let keys: Vec<_> = table.keys().cloned().collect();
    for key in keys {
        let name = key.get_ref().to_string();
        parents.push(name);
        if LATER.iter().any(|pattern| matches(pattern, parents)) {
            table.remove(key.get_ref().as_ref());
            found.push(Problem::not_yet(key.span(), &format!("`{}`", parents.join("."))));
        } else if let Some(DeValue::Table(below)) = table.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut) {
            let before = found.len();
            remove(below, parents, found);
            // Nothing else was said there, so nothing is missing there.
            if below.is_empty() && found.len() > before {
                table.remove(key.get_ref().as_ref());
            }
        }
        parents.pop();
    }
}

fn matches(pattern: &str, path: &[String]) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    pattern.len() == path.len() && pattern.iter().zip(path).all(|(wanted, key)| *wanted == "*" || wanted == key)
}
