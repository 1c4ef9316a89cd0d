//! Paths: TOML dotted keys of values of the file, in `--set` arguments and in sweep axes.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::alternatives::rivals;
use super::problem::Problem;
use super::source::{Argument, Span};

/// Dotted key, such as `systems.kad20.kademlia.k`, of at least one key.
#[derive(Clone, Debug)]
pub(super) struct Path(Vec<Key>);

/// Key and its position.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub name: String,
    pub span: Span,
}

impl Key {
    /// Index of an element of a list, if the key is one.
    pub(super) fn number(&self) -> Option<usize> {
        self.name.parse().ok()
    }
}

impl Path {
    /// Parses a dotted key; its keys have their positions in `text`.
    fn read(text: &str) -> Option<Path> {
        let document = format!("{text} = 0");
        let root = DeTable::parse(&document).ok()?.into_inner();
        let (mut keys, mut table) = (Vec::new(), &root);
        loop {
            let (key, value) = table.iter().next().filter(|_| table.len() == 1)?;
            keys.push(Key { name: key.get_ref().to_string(), span: key.span() });
            match value.get_ref() {
                DeValue::Table(below) => table = below,
                _ => return Some(Path(keys)),
            }
        }
    }

    /// Path of a sweep axis, a key at `span` of the file.
    pub(super) fn of_axis(text: &str, span: Span) -> Result<Path, Problem> {
        let Some(Path(keys)) = Path::read(text) else {
            return Err(Problem::new(span, format!("`{text}` is not a path"))
                .help("write the keys of one value joined by dots, as in \"population.online\""));
        };
        Ok(Path(keys.into_iter().map(|key| Key { span: span.clone(), ..key }).collect()))
    }

    pub(super) fn keys(&self) -> &[Key] {
        &self.0
    }

    pub(super) fn span(&self) -> Span {
        self.0[0].span.start..self.0[self.0.len() - 1].span.end
    }

    /// System that the path concerns, if any.
    pub(super) fn system(&self) -> Option<&Key> {
        self.0.get(1).filter(|_| self.0[0].name == "systems")
    }

    /// Whether setting one undoes the other: they name one value, one a part of the other's, or alternatives.
    pub(super) fn contradicts(&self, other: &Path) -> bool {
        let mut parents = Vec::new();
        for (mine, theirs) in self.0.iter().zip(&other.0) {
            if mine.name != theirs.name {
                let rules_out = |a: &Key, b: &Key| rivals(&parents, &a.name).any(|rival| rival == b.name);
                return rules_out(mine, theirs) || rules_out(theirs, mine);
            }
            // As where a value is set: the number of an element is no part of the place.
            parents.extend(mine.number().is_none().then(|| mine.name.clone()));
        }
        true
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.0.iter().map(|key| &key.name).eq(other.0.iter().map(|key| &key.name))
    }
}

impl fmt::Display for Path {
    /// Writes the path in canonical spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, key) in self.0.iter().enumerate() {
            write!(f, "{}{}", if position == 0 { "" } else { "." }, spelling(&key.name))?;
        }
        Ok(())
    }
}

/// Keys of a dotted path; those that are not bare are quoted.
pub(super) fn keys(path: &str) -> Vec<String> {
    // Most paths have none, and are no text of a user's.
    match path.contains(['"', '\'']).then(|| Path::read(path)).flatten() {
        Some(Path(keys)) => keys.into_iter().map(|key| key.name).collect(),
        None => path.split('.').map(str::to_owned).collect(),
    }
}

/// Key in TOML: bare if possible.
pub(super) fn spelling(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_string() } else { toml::Value::from(key).to_string() }
}

impl Argument {
    /// Path and value of `path=value`. The value is read as TOML, and as a string if that fails, unless it starts like
    /// a table, a list or a quoted string.
    pub(super) fn read(&self) -> Result<(Path, Spanned<DeValue<'_>>), Problem> {
        let whole = self.start..self.padded.len();
        let wrong = |message: String| {
            Problem::new(whole.clone(), message).help("write path=value, as in network.access.uplink=10Mbit/s")
        };
        let Some(equals) = self.text().find('=') else {
            return Err(wrong(format!("`{}` sets nothing: it has no `=`", self.text())));
        };
        let (before, value) = (&self.padded[..self.start + equals], self.text()[equals + 1..].trim());
        let Some(path) = Path::read(before) else {
            return Err(wrong(format!("`{}` is not a path", before.trim())));
        };
        let one_line = !self.text().contains('\n');
        match DeTable::parse(&self.padded) {
            Ok(document) if one_line => return Ok((path.clone(), value_at(document.into_inner(), &path))),
            Err(error) if value.starts_with(['{', '[', '"', '\'']) => {
                return Err(Problem::from(error).help(as_the_shell_leaves_it(before.trim(), value)));
            }
            _ => {}
        }
        let start = self.start + equals + 1;
        Ok((path, Spanned::new(start..self.padded.len(), DeValue::String(value.into()))))
    }
}

/// Correction of a value that starts as TOML but is not, mostly because a shell has removed its quotes.
fn as_the_shell_leaves_it(path: &str, value: &str) -> String {
    if value.contains(['"', '\'']) {
        let closing = match value.chars().next() {
            Some('{') => "`}`",
            Some('[') => "`]`",
            _ => "a quote",
        };
        return format!("it ends with {closing}, and texts in it stand in quotes; in a shell, all of it too");
    }
    let example = if value.starts_with('{') { "{key = \"10Mbit/s\"}" } else { "[\"10Mbit/s\"]" };
    format!("texts in it stand in quotes, and all of it too, or the shell takes those away: --set '{path}={example}'")
}

/// Value that `document`, which assigns to `path` only, assigns.
fn value_at<'a>(document: DeTable<'a>, path: &Path) -> Spanned<DeValue<'a>> {
    let mut value = Spanned::new(path.span(), DeValue::Table(document));
    for key in path.keys() {
        let DeValue::Table(table) = value.get_mut() else { unreachable!("the path was read from this document") };
        value = table.remove(key.name.as_str()).expect("the path was read from this document");
    }
    value
}

#[cfg(test)]
mod tests {
    use super::super::source::Sources;

    fn read(argument: &str) -> Result<(String, String), String> {
        let sources = Sources::new("a.toml".into(), String::new(), &[argument.to_string()]);
        match sources.arguments()[0].read() {
            Ok((path, value)) => {
                Ok((path.to_string(), format!("{:?}", value.get_ref().as_str().ok_or("not a string"))))
            }
            Err(problem) => Err(problem.message),
        }
    }

    #[test]
    fn a_value_that_is_not_toml_is_a_string() {
        let set = |path: &str, value: &str| Ok((path.to_string(), value.to_string()));
        assert_eq!(read("network.access.uplink=10Mbit/s"), set("network.access.uplink", "Ok(\"10Mbit/s\")"));
        assert_eq!(read("network.access.uplink = \"10Mbit/s\""), set("network.access.uplink", "Ok(\"10Mbit/s\")"));
        assert_eq!(read("seed=7"), set("seed", "Err(\"not a string\")"));
        assert_eq!(read("workload.get={every=\"1s\"}"), set("workload.get", "Err(\"not a string\")"));
        assert_eq!(read("title=a=b"), set("title", "Ok(\"a=b\")"));
        assert_eq!(read("title=a\nseed=2"), set("title", "Ok(\"a\\nseed=2\")"));
    }

    #[test]
    fn what_is_not_an_assignment_is_refused() {
        assert_eq!(read("seed"), Err("`seed` sets nothing: it has no `=`".into()));
        assert_eq!(read("=3"), Err("`` is not a path".into()));
        assert_eq!(read("a..b=3"), Err("`a..b` is not a path".into()));
    }

    #[test]
    fn a_path_has_one_spelling() {
        assert_eq!(read("sweep . axes.\"population.online\" = \"\"").unwrap().0, "sweep.axes.\"population.online\"");
        assert_eq!(read("\"systems\".'my ring'.chord=\"\"").unwrap().0, "systems.\"my ring\".chord");
    }
}
