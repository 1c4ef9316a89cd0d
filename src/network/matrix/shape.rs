//! Layout of a file of delays: positions and hosts of its cells.

use indexmap::IndexMap;

use super::cell::{is_hole, is_number, is_zero};
use super::format::{Form, Format, Missing, Names};
use super::survey::{Hosts, NAMED, Row, Survey, Triangle, in_order};
use crate::network::measured::Wrong;

/// Most hosts of a file: more take 4 GB.
const MOST: usize = 32_768;

/// Layout by which delays are read from rows.
#[derive(Debug)]
pub(super) enum Shape {
    /// Square: `skipped` rows, then a row for each host, whose first cell may be a name.
    Square(Square),
    Pairs {
        header: usize,
        hosts: Hosts,
    },
    Triangle(Triangle),
    P2psim {
        hosts: Hosts,
    },
}

/// Square matrix: a row and a column for each host, or, with names of both, for the hosts that have both.
#[derive(Debug, Default)]
pub(super) struct Square {
    pub hosts: usize,
    pub skipped: usize,
    /// Number of leading cells that are names: 0 or 1.
    pub names: usize,
    /// Host of each row, and of each column; empty: both are in one order.
    pub rows: Vec<Option<u32>>,
    pub columns: Vec<Option<u32>>,
}

impl Shape {
    pub(super) fn of(survey: Survey, format: &Format) -> Result<Shape, Wrong> {
        if survey.rows == 0 {
            let problem = "there is no latency here: write a square of numbers, a row and a column for each host";
            return Err(Wrong::empty(problem));
        }
        let shape = match format.form {
            Form::Auto => guess(survey, format)?,
            Form::Square => Shape::Square(square(&survey, format.names)?),
            Form::Pairs => pairs(survey, format)?,
            Form::Triangle => Shape::Triangle(triangle(&survey)?),
            Form::Planetlab => Shape::Square(planetlab(&survey).unwrap_or_else(|| Err(no_planetlab(&survey)))?),
            Form::P2psim => p2psim(survey, format)?,
        };
        match shape.hosts() {
            0 => Err(Wrong::empty(
                "there are names here and no latency: say by `names` where names are, or add the numbers",
            )),
            hosts if hosts > MOST => {
                Err(Wrong::empty(&format!("{hosts} hosts are more than the {MOST} that a matrix may have")))
            }
            _ => Ok(shape),
        }
    }

    pub(super) fn hosts(&self) -> usize {
        match self {
            Shape::Square(square) => square.hosts,
            Shape::Pairs { hosts, .. } | Shape::P2psim { hosts } => hosts.len(),
            Shape::Triangle(triangle) => triangle.hosts,
        }
    }

    /// Whether the file is a list of pairs, which may give either direction of each.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Shape::Pairs { .. } | Shape::P2psim { .. })
    }

    /// Name of a host in error messages.
    pub(super) fn name(&self, host: usize) -> String {
        match self {
            Shape::Pairs { hosts, .. } | Shape::P2psim { hosts } => {
                hosts.get_index(host).map_or_else(String::new, |id| format!("host {id}"))
            }
            Shape::Square(_) | Shape::Triangle(_) => format!("the {}. host", host + 1),
        }
    }
}

fn guess(survey: Survey, format: &Format) -> Result<Shape, Wrong> {
    if survey.links > 0 && (survey.stray.is_none() || !survey.nodes.is_empty()) {
        return p2psim(survey, format);
    }
    if format.names != Names::Auto {
        return Ok(Shape::Square(square(&survey, format.names)?));
    }
    if let Some(square) = planetlab(&survey) {
        return Ok(Shape::Square(square?));
    }
    let header = usize::from(is_header(&survey.head[0].cells));
    if survey.runs.len() == 1 && survey.listed > 0 && survey.listed + header == survey.rows {
        match could_be_square(&survey, header) {
            None => return pairs(survey, format),
            Some(true) => {}
            Some(false) => {
                let problem = "this may be a square of three hosts or a list of three pairs: write form = \"square\" or \
                               form = \"pairs\"";
                return Err(Wrong::at(survey.head[header].line, 0, problem));
            }
        }
    }
    // Two rows of which one is too short are rather a slip.
    if survey.rows > 2
        && let Some(triangle) = survey.triangle()
    {
        return Ok(Shape::Triangle(triangle?));
    }
    Ok(Shape::Square(square(&survey, format.names)?))
}

/// Whether rows of three may be a square matrix: `None` if not; otherwise whether they surely are.
fn could_be_square(survey: &Survey, header: usize) -> Option<bool> {
    let rows = survey.head.get(header..)?;
    // Three hosts, or two with their names before them.
    let (hosts, names) = if survey.rows - header == 3 { (3, 0) } else { (2, 1) };
    if survey.rows - header != hosts || names == 1 && header == 0 {
        return None;
    }
    let zeros = (0..hosts).filter(|&at| is_zero(&rows[at].cells[at + names])).count();
    // Any three pairs of three hosts name no host with itself and each once.
    let complete =
        survey.hosts.len() == 3 && survey.listed == hosts && rows.iter().all(|row| row.cells[0] != row.cells[1]);
    Some(zeros == hosts || !complete)
}

fn pairs(survey: Survey, format: &Format) -> Result<Shape, Wrong> {
    let header = usize::from(is_header(&survey.head[0].cells) && survey.listed < survey.rows);
    if let Some(odd) = survey.odd(3, header) {
        let problem = format!("a row of {} where `i j value` is expected", odd.length);
        return Err(Wrong::at(odd.line, odd.length.min(3), problem));
    }
    if survey.listed + header < survey.rows {
        return Err(Wrong::empty("not all rows are `i j value`, two hosts by number or name and their delay"));
    }
    enough(survey.listed, survey.hosts.len(), format)?;
    Ok(Shape::Pairs { header, hosts: in_order(survey.hosts) })
}

fn p2psim(survey: Survey, format: &Format) -> Result<Shape, Wrong> {
    if let Some((line, problem)) = survey.stray {
        return Err(Wrong::at(line, 0, problem));
    }
    if let Some(stranger) = survey.hosts.iter().find(|id| !survey.nodes.is_empty() && !survey.nodes.contains(*id)) {
        return Err(Wrong::empty(&format!("there are delays of host {stranger}, and no line `node {stranger}`")));
    }
    let hosts = if survey.nodes.is_empty() { survey.hosts } else { survey.nodes };
    enough(survey.links, hosts.len(), format)?;
    Ok(Shape::P2psim { hosts: in_order(hosts) })
}

/// Refuses a list that is too short, before memory is allocated.
fn enough(given: usize, hosts: usize, format: &Format) -> Result<(), Wrong> {
    let pairs = hosts * hosts.saturating_sub(1) / 2;
    if given < pairs && format.missing == Missing::Refuse {
        let problem = format!(
            "{given} rows `i j value` for the {pairs} pairs of {hosts} hosts: say by `missing` what is to stand for the others, \
             as in missing = \"drop-host\", or, if this is no list of pairs, by `names` where names are"
        );
        return Err(Wrong::empty(&problem));
    }
    Ok(())
}

fn triangle(survey: &Survey) -> Result<Triangle, Wrong> {
    survey.triangle().unwrap_or_else(|| {
        Err(Wrong::empty(
            "this is no half of a square: each row must have one cell more than the one before, or one less",
        ))
    })
}

/// Square matrix below PlanetLab's three header lines: date, pings per pair, hosts.
fn planetlab(survey: &Survey) -> Option<Result<Square, Wrong>> {
    let [_, pings, hosts, first] = &survey.head[..] else { return None };
    let number = hosts.cells.len();
    let heads = pings.cells.len() == 1 && is_number(&pings.cells[0]) && number > 1 && is_header(&hosts.cells);
    if !heads || first.cells.len() != number {
        return None;
    }
    Some(match (survey.rows - 3 == number, survey.odd(number, 3)) {
        (true, None) => Ok(Square { hosts: number, skipped: 3, ..Square::default() }),
        (_, Some(odd)) => Err(unequal(odd.line, odd.length, number, 0)),
        (false, None) => {
            let problem = format!("{} rows of pings for the {number} hosts of the third line", survey.rows - 3);
            Err(Wrong::at(hosts.line, 0, problem))
        }
    })
}

fn no_planetlab(survey: &Survey) -> Wrong {
    let problem = "this is no file of PlanetLab's pings: three head lines, the date, pings for each pair, and the hosts, come \
                   before a square";
    Wrong::at(survey.head[0].line, 0, problem)
}

/// Whether a row holds names: none of its cells is a number.
fn is_header(cells: &[String]) -> bool {
    !cells.iter().any(|cell| is_number(cell))
}

/// Whether a cell is a name, regardless of its context.
fn is_name(cell: &str) -> bool {
    !is_number(cell) && !is_hole(cell)
}

/// Whether the first row belongs to a host without any measured delay, rather than being a header with names left out:
/// otherwise there would be one row too many, or all others would begin with names.
fn begins_with_holes(survey: &Survey) -> bool {
    let cells = &survey.head[0].cells;
    let spare = survey.rows == cells.len() + 1 || survey.firsts[1..].iter().all(|(_, cell)| is_name(cell));
    !spare && cells.iter().all(|cell| is_hole(cell))
}

fn unequal(line: usize, found: usize, hosts: usize, names: usize) -> Wrong {
    let problem = format!("a row of {found} in a matrix of {hosts} rows: both must be as many as there are hosts");
    Wrong::at(line, found.min(hosts) + names, problem)
}

/// Positions of names in a square matrix, and hosts of its rows and columns.
///
/// A first row without any number holds names, and below one the first column may hold numbers as names; without one,
/// only if no row begins with a number: so a typing error in a number is not taken for a name.
fn square(survey: &Survey, said: Names) -> Result<Square, Wrong> {
    let header = match said {
        Names::Auto => is_header(&survey.head[0].cells) && !begins_with_holes(survey),
        Names::FirstRow | Names::Both => true,
        Names::FirstColumn | Names::None => false,
    };
    let skipped = usize::from(header);
    let rows = survey.rows - skipped;
    let Some(first) = survey.head.get(skipped) else {
        return Err(Wrong::empty("there is no latency below the row of names: write a row for each host"));
    };
    let columns = first.cells.len();
    let begins = &survey.firsts[skipped..];
    let names = match said {
        Names::Auto if header => is_name(&first.cells[0]) || columns == rows + 1,
        Names::Auto => begins.iter().all(|(_, cell)| is_name(cell)) || comment_names(survey, columns, rows),
        Names::FirstColumn | Names::Both => true,
        Names::FirstRow | Names::None => false,
    };
    let names = usize::from(names);
    let hosts = columns.saturating_sub(names);
    let square = Square { hosts: rows, skipped, names, ..Square::default() };
    if header && names == 1 && survey.odd(columns, skipped).is_none() {
        if begins.len() < rows {
            let problem = format!("{rows} rows are more than the {NAMED} that a table of so few columns may have");
            return Err(Wrong::empty(&problem));
        }
        if let Some(matched) = matched(&survey.head[0], begins, hosts)? {
            return Ok(Square { skipped, names, ..matched });
        }
    }
    if !header && names == 0 && said == Names::Auto && rows == columns && rows > 2 {
        refuse_corner(first)?;
    }
    match survey.odd(rows + names, skipped) {
        None => Ok(square),
        Some(odd) => {
            let found = odd.length.saturating_sub(names);
            let near = said == Names::Auto && survey.odd(columns, skipped).is_none() && rows.abs_diff(hosts) == 1;
            if near && !header {
                let (place, key) = if rows > hosts { ("row", "first-row") } else { ("column", "first-column") };
                let problem = format!(
                    "a row of {found} in a matrix of {rows} rows: if the numbers of the first {place} are names, set names = \
                     \"{key}\""
                );
                return Err(Wrong::at(odd.line, found.min(rows) + names, problem));
            }
            Err(unequal(odd.line, found, rows, names))
        }
    }
}

/// Whether the comment above the rows holds the names of the columns, so that numbers in the first column may be names.
fn comment_names(survey: &Survey, columns: usize, rows: usize) -> bool {
    let fits = |comment: &Row| is_header(&comment.cells) && (rows..=columns).contains(&comment.cells.len());
    columns == rows + 1 && survey.comment.as_ref().is_some_and(fits)
}

/// Refuses numbers of hosts in the first row and column, which look like delays.
fn refuse_corner(first: &Row) -> Result<(), Wrong> {
    let corner = &first.cells[0];
    if is_number(corner) || !first.cells[1..].iter().all(|cell| is_number(cell)) {
        return Ok(());
    }
    let problem = format!(
        "`{corner}` stands over a column of numbers and before a row of numbers: set names = \"both\" if these are names of \
         hosts, or names = \"none\" if they are delays"
    );
    Err(Wrong::at(first.line, 0, problem))
}

/// Hosts that have a row and a column; `None` if the two are in one order, or if no name has both. The first cell of
/// each row comes with its line.
fn matched(header: &Row, rows: &[(usize, Box<str>)], columns: usize) -> Result<Option<Square>, Wrong> {
    if header.cells.len().wrapping_sub(columns) > 1 {
        return Ok(None);
    }
    let above = &header.cells[header.cells.len() - columns..];
    let mut places: IndexMap<&str, usize> = IndexMap::new();
    above.iter().enumerate().for_each(|(at, name)| _ = places.entry(name).or_insert(at));
    let same = above.len() == rows.len() && above.iter().zip(rows).all(|(a, (_, b))| **a == **b);
    if same || !rows.iter().any(|(_, name)| places.contains_key(&**name)) {
        return Ok(None);
    }
    if let Some((again, name)) = (0..).zip(above).find(|(at, name)| places[&name[..]] != *at) {
        let cell = header.cells.len() - columns + again;
        return Err(Wrong::at(
            header.line,
            cell,
            format!("there are two columns of `{name}`: write one for each host"),
        ));
    }
    let mut square = Square { columns: vec![None; columns], ..Square::default() };
    for (line, name) in rows {
        let host = match places.get(&**name) {
            Some(&column) if square.columns[column].is_some() => {
                let before = rows.iter().find(|(_, other)| other == name).map_or(0, |(line, _)| *line);
                let problem = format!("a second row of `{name}`, after that in line {before}: write one for each host");
                return Err(Wrong::at(*line, 0, problem));
            }
            Some(&column) => {
                let host = square.hosts as u32;
                square.columns[column] = Some(host);
                square.hosts += 1;
                Some(host)
            }
            None => None,
        };
        square.rows.push(host);
    }
    if square.hosts == 1 {
        let problem = "only one host has both a row and a column: write both for each of two hosts or more";
        return Err(Wrong::at(header.line, 0, problem));
    }
    Ok(Some(square))
}
