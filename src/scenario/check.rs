//! Reading of a document section by section, so that an error in one does not hide those in others.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::alternatives;
use super::document::Document;
use super::path::keys;
use super::problem::{Kind, Problem, Problems};
use super::source::Sources;

/// Document being checked. Problems and warnings are collected.
pub(super) struct Check<'a> {
    document: Document<'a>,
    problems: Problems,
    warnings: Problems,
    sections: Vec<&'static str>,
}

/// Number as a person would write it: a very small or large one with a power of ten.
pub(super) struct Plainly(pub f64);

impl fmt::Display for Plainly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plainly(value) = self;
        match value.abs() {
            0.0 | 1e-6..1e15 => write!(f, "{value}"),
            _ => write!(f, "{value:e}"),
        }
    }
}

/// Marker: a problem has been noted, and the value concerned is unavailable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted;

impl<'a> Check<'a> {
    /// Starts a check, and notes mutually exclusive keys, before any section is read.
    pub(super) fn new(sources: &Sources, mut document: Document<'a>) -> Check<'a> {
        let mut found = Vec::new();
        alternatives::keep_first(&mut Vec::new(), document.root_mut(), &mut found);
        let mut problems = Problems::new(sources);
        found.into_iter().for_each(|problem| problems.push(problem));
        Check { document, problems, warnings: Problems::new(sources), sections: Vec::new() }
    }

    /// Reads a section; `None` if absent.
    pub(super) fn section<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<Option<T>, Noted> {
        self.sections.push(key);
        self.read(key)
    }

    /// Reads the value at a dotted path; `None` if absent.
    pub(super) fn read<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>, Noted> {
        let Some(value) = self.get(path) else { return Ok(None) };
        match T::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(read) => Ok(Some(read)),
            Err(error) => Err(self.note(Problem::from(error))),
        }
    }

    /// Whether a value is given at a dotted path.
    pub(super) fn is_said(&self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// Keys of the table at a dotted path; none if absent.
    pub(super) fn keys(&self, path: &str) -> Vec<String> {
        super::document::entries(self.document.table(&keys(path)))
            .into_iter()
            .map(|(key, _)| key.get_ref().to_string())
            .collect()
    }

    /// Values of an axis, as cells.
    pub(super) fn axis(&self, axis: &str) -> Vec<String> {
        let list = self.document.get(&["sweep", "axes", axis]).and_then(|list| list.get_ref().as_array());
        list.into_iter().flatten().map(|value| super::written::cell(value.get_ref())).collect()
    }

    /// Value at a dotted path, as a cell.
    pub(super) fn cell(&self, path: &str) -> Option<String> {
        Some(super::written::cell(self.get(path)?.get_ref()))
    }

    /// Table of a section that is read by hand; empty if absent.
    pub(super) fn table(&mut self, key: &'static str) -> DeTable<'a> {
        self.sections.push(key);
        self.document.table(&[key]).cloned().unwrap_or_default()
    }

    pub(super) fn note(&mut self, problem: Problem) -> Noted {
        self.problems.push(problem);
        Noted
    }

    /// Notes a problem at a dotted path, or, if it is absent, at the nearest existing one.
    pub(super) fn wrong(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) -> Noted {
        let problem = self.at(path, message).help(help);
        self.note(problem)
    }

    pub(super) fn warn(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.at(path, message).help(help).kind(Kind::Warning);
        self.warnings.push(problem);
    }

    pub(super) fn at(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.document.span(&keys(path)), message)
    }

    fn get(&self, path: &str) -> Option<&Spanned<DeValue<'a>>> {
        self.document.get(&keys(path))
    }

    /// Notes a number out of range.
    pub(super) fn range(&mut self, path: &str, value: f64, range: RangeInclusive<f64>) {
        if !range.contains(&value) {
            let key = path.rsplit('.').next().unwrap_or(path);
            let help = format!("write a number from {} to {}", range.start(), range.end());
            self.wrong(path, format!("`{key}` cannot be {}", Plainly(value)), help);
        }
    }

    /// Problems so far, even if sections have not been read.
    pub(super) fn into_problems(self) -> Problems {
        self.problems
    }

    /// Problems, if any; otherwise the warnings. To be called when all sections have been read.
    pub(super) fn finish(mut self) -> Result<Problems, Problems> {
        for (key, _) in self.document.root() {
            if !self.sections.contains(&key.get_ref().as_ref()) {
                self.problems.push(Problem::unknown(key.span(), "key", key.get_ref(), &self.sections));
            }
        }
        self.problems.none_or(|| self.warnings)
    }
}
