//! The scenario as a tree of TOML values with positions, before anything in it is checked.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::alternatives::rivals;
use super::path::{Key, Path};
use super::problem::Problem;
use super::source::{Sources, Span};

/// A parsed scenario file, `--set` arguments and a parameter point written into it.
#[derive(Clone, Debug)]
pub(super) struct Document<'a> {
    root: DeTable<'a>,
}

impl<'a> Document<'a> {
    /// The file with the `--set` arguments applied, in their order.
    pub fn parse(sources: &'a Sources) -> Result<Document<'a>, Problem> {
        let mut document = Document { root: DeTable::parse(sources.file())?.into_inner() };
        for argument in sources.arguments() {
            let (path, value) = argument.read()?;
            document.set(&path, value)?;
        }
        Ok(document)
    }

    pub fn root(&self) -> &DeTable<'a> {
        &self.root
    }

    /// Puts `value` where `path` points. Tables on the way are created, a value that stands in the way gives place, and so
    /// do the alternatives of what is set.
    pub fn set(&mut self, path: &Path, value: Spanned<DeValue<'a>>) -> Result<(), Problem> {
        if let Some(system) = path.system() {
            let systems = entries(self.table(&["systems"]));
            let names: Vec<&str> = systems.iter().map(|(name, _)| name.get_ref().as_ref()).collect();
            if !names.contains(&system.name.as_str()) {
                return Err(Problem::unknown(system.span.clone(), "system", &system.name, &names));
            }
        }
        set(&mut self.root, &mut Vec::new(), path.keys(), value)
    }

    /// Takes the value at `path` out of the document.
    pub fn remove(&mut self, path: &[&str]) {
        let (last, parents) = path.split_last().expect("a path has a key");
        let mut table = &mut self.root;
        for key in parents {
            match table.get_mut(*key).map(Spanned::get_mut) {
                Some(DeValue::Table(below)) => table = below,
                _ => return,
            }
        }
        table.remove(*last);
    }

    pub fn get(&self, path: &[&str]) -> Option<&Spanned<DeValue<'a>>> {
        let (last, parents) = path.split_last()?;
        self.table(parents)?.get(*last)
    }

    /// The table at `path`, if there is one.
    pub fn table(&self, path: &[&str]) -> Option<&DeTable<'a>> {
        path.iter().try_fold(&self.root, |table, key| table.get(*key)?.get_ref().as_table())
    }

    /// Where the value at `path` stands, or, if there is none, the key of the nearest table above it. `None` if not even
    /// the first key of the path is there.
    pub fn span(&self, path: &[&str]) -> Option<Span> {
        let (mut table, mut nearest) = (&self.root, None);
        for key in path {
            let Some((key, value)) = table.get_key_value(*key) else { break };
            match value.get_ref() {
                DeValue::Table(below) => (table, nearest) = (below, Some(key.span())),
                _ => return Some(value.span()),
            }
        }
        nearest
    }
}

/// The entries of a table in the order of the text; none of no table. (The parser keeps them by name.)
pub(super) fn entries<'t, 'a>(
    table: Option<&'t DeTable<'a>>,
) -> Vec<(&'t Spanned<DeString<'a>>, &'t Spanned<DeValue<'a>>)> {
    let mut entries: Vec<_> = table.into_iter().flat_map(|table| table.iter()).collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn set<'a>(
    table: &mut DeTable<'a>,
    parents: &mut Vec<String>,
    path: &[Key],
    value: Spanned<DeValue<'a>>,
) -> Result<(), Problem> {
    let (key, below) = path.split_first().expect("a path has a key");
    for rival in rivals(parents, &key.name) {
        table.remove(rival);
    }
    let name = Spanned::new(key.span.clone(), DeString::from(key.name.clone()));
    if below.is_empty() {
        table.insert(name, value);
        return Ok(());
    }
    let empty = || Spanned::new(key.span.clone(), DeValue::Table(DeTable::new()));
    let next = table.entry(name).or_insert_with(empty);
    if next.get_ref().is_array() {
        return Err(Problem::new(key.span.clone(), format!("`{}` is a list: a path cannot lead into it", key.name)));
    }
    if !next.get_ref().is_table() {
        *next = empty();
    }
    let DeValue::Table(next) = next.get_mut() else { unreachable!("made a table just now") };
    parents.push(key.name.clone());
    set(next, parents, below, value)
}
