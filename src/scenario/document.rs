//! Scenario as a tree of TOML values with positions, before any check.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::alternatives::rivals;
use super::axes::Axis;
use super::path::{Key, Path};
use super::problem::Problem;
use super::source::{Sources, Span};

/// Parsed scenario file, with `--set` arguments and a parameter point written into it.
#[derive(Clone, Debug)]
pub(super) struct Document<'a> {
    root: DeTable<'a>,
    /// Paths set by arguments.
    set: Vec<Path>,
}

impl<'a> Document<'a> {
    /// Parses the file and applies the `--set` arguments in order. An argument that sets the path of an axis fixes it.
    pub(super) fn parse(sources: &'a Sources) -> Result<Document<'a>, Vec<Problem>> {
        let root = DeTable::parse(sources.file()).map_err(|error| vec![Problem::from(error)])?.into_inner();
        let mut document = Document { root, set: Vec::new() };
        let mut problems = Vec::new();
        for argument in sources.arguments() {
            let set = argument.read().and_then(|(path, value)| {
                document.set(&path, value)?;
                document.drop_axis(&path);
                document.set.push(path);
                Ok(())
            });
            problems.extend(set.err());
        }
        if problems.is_empty() { Ok(document) } else { Err(problems) }
    }

    fn drop_axis(&mut self, path: &Path) {
        let axes = entries(self.table(&["sweep", "axes"]));
        let keys = axes.iter().map(|(key, _)| key.get_ref().to_string());
        let same: Vec<String> = keys.filter(|key| Path::of_axis(key, 0..0).is_ok_and(|axis| axis == *path)).collect();
        if let Some(DeValue::Table(sweep)) = self.root.get_mut("sweep").map(Spanned::get_mut)
            && let Some(DeValue::Table(axes)) = sweep.get_mut("axes").map(Spanned::get_mut)
        {
            same.iter().for_each(|key| drop(axes.remove(key.as_str())));
        }
    }

    /// Refuses arguments that an axis would silently undo: of a part of its value, or of an alternative.
    pub(super) fn refuse_contradictions(&self, axes: &[Axis]) -> Result<(), Vec<Problem>> {
        let pairs = self.set.iter().flat_map(|set| axes.iter().map(move |axis| (set, axis)));
        let problem = |(set, axis): (&Path, &Axis)| {
            Problem::new(set.span(), format!("the axis `{}` sets this again", axis.path())).help(format!(
                "fix the axis too, as in --set {}={}",
                axis.path(),
                axis.values()[0]
            ))
        };
        let problems: Vec<Problem> = pairs.filter(|(set, axis)| set.contradicts(axis.dotted())).map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Writes a value of an axis at its path.
    pub(super) fn set_axis(&mut self, axis: &Axis, value: usize) -> Result<(), Problem> {
        let list = self.get(&["sweep", "axes", axis.key()]).and_then(|list| list.get_ref().as_array());
        let value = list.and_then(|list| list.get(value)).expect("axes are read from this table");
        let value = value.clone();
        self.set(axis.dotted(), value)
    }

    pub(super) fn root(&self) -> &DeTable<'a> {
        &self.root
    }

    pub(super) fn root_mut(&mut self) -> &mut DeTable<'a> {
        &mut self.root
    }

    /// Writes `value` at `path`. Missing tables are created; a value in the way is replaced, and alternatives are
    /// removed.
    pub(super) fn set(&mut self, path: &Path, value: Spanned<DeValue<'a>>) -> Result<(), Problem> {
        if let Some(system) = path.system() {
            let systems = entries(self.table(&["systems"]));
            let names: Vec<&str> = systems.iter().map(|(name, _)| name.get_ref().as_ref()).collect();
            if !names.contains(&system.name.as_str()) {
                return Err(Problem::unknown(system.span.clone(), "system", &system.name, &names));
            }
        }
        set(&mut self.root, &mut Vec::new(), path.keys(), value)
    }

    pub(super) fn get(&self, path: &[impl AsRef<str>]) -> Option<&Spanned<DeValue<'a>>> {
        let (last, parents) = path.split_last()?;
        self.table(parents)?.get(last.as_ref())
    }

    /// Table at `path`, if present.
    pub(super) fn table(&self, path: &[impl AsRef<str>]) -> Option<&DeTable<'a>> {
        path.iter().try_fold(&self.root, |table, key| table.get(key.as_ref())?.get_ref().as_table())
    }

    /// Position of the value at `path`; for a table, of its key. If absent, that of the nearest existing parent; `None`
    /// if not even the first key of the path exists. Elements of a list are named by their number.
    pub(super) fn span(&self, path: &[impl AsRef<str>]) -> Option<Span> {
        let (first, below) = path.split_first()?;
        let (key, mut value) = self.root.get_key_value(first.as_ref())?;
        let mut key_span = key.span();
        for key in below.iter().map(AsRef::as_ref) {
            let next = match value.get_ref() {
                DeValue::Table(table) => table.get_key_value(key).map(|(key, value)| (key.span(), value)),
                DeValue::Array(list) => key.parse().ok().and_then(|at: usize| list.get(at)).map(|it| (it.span(), it)),
                _ => None,
            };
            let Some(next) = next else { break };
            (key_span, value) = next;
        }
        Some(if value.get_ref().is_table() { key_span } else { value.span() })
    }
}

/// Entries of a table in the order of the text; none without a table. (The parser sorts them by name.)
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
    if table.get(&name).is_none() && below[0].number().is_some() {
        return Err(Problem::new(
            key.span.clone(),
            format!("there is no list `{}` with an element of that number", key.name),
        ));
    }
    parents.push(key.name.clone());
    let next = table.entry(name).or_insert_with(|| empty(key));
    set_below(next, parents, key, below, value)
}

/// Writes `value` at `path` below `key`.
fn set_below<'a>(
    next: &mut Spanned<DeValue<'a>>,
    parents: &mut Vec<String>,
    key: &Key,
    path: &[Key],
    value: Spanned<DeValue<'a>>,
) -> Result<(), Problem> {
    let Some(first) = path.first() else {
        *next = value;
        return Ok(());
    };
    if let DeValue::Array(list) = next.get_mut() {
        let elements = list.len();
        // Alternatives are the same in every element: the number is no part of the place.
        return match first.number().and_then(|number| list.get_mut(number)) {
            Some(element) => set_below(element, parents, first, &path[1..], value),
            None => Err(Problem::new(
                first.span.clone(),
                format!("`{}` is a list without an element `{}`", key.name, first.name),
            )
            .help(match elements {
                0 => "it is empty".to_owned(),
                _ => format!("write the number of one of its elements, 0 to {}", elements - 1),
            })),
        };
    }
    if !next.get_ref().is_table() {
        *next = empty(key);
    }
    let DeValue::Table(table) = next.get_mut() else { unreachable!("made a table just now") };
    set(table, parents, path, value)
}

/// Empty table at the position of `key`.
fn empty<'a>(key: &Key) -> Spanned<DeValue<'a>> {
    Spanned::new(key.span.clone(), DeValue::Table(DeTable::new()))
}
