//! Results with a cell, a line or a file too many, too few or another: `plot` draws them, or refuses them in words.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use peerlab::engine::{Noise, Source};
use peerlab::report::chart::{self, Look, Options, PlotError};
use peerlab::report::columns::ReadError;
use peerlab::report::manifest::Origin;
use tempfile::TempDir;

use super::mutate::{STRANGE, mutated};
use super::promises::Kept;
use super::within;

/// All kinds of files that results have, and most charts.
const SCENARIO: &str = r#"
seed = 7
time = { warmup = "1min", measure = "4min", sample = "30s" }
resources.count = 5
workload = { lookup.every = "10s", get.every = "10s", put.every = "1min" }
systems = { server.client-server = {}, ring.chord = {} }
traversal.transport = "connection"
events = [{ crash = { at = "2min", share = 0.3, for = "1min" } }]
[population]
online = 12
churn = { session.exponential.mean = "10min", downtime.exponential.mean = "1min" }
classes = [{ name = "weak", share = 0.5 }, { name = "strong", share = 0.5 }]
[network.nat]
shares = { full-cone = 0.5, open = 0.5 }
"#;
const AXES: &str = "\n[sweep]\nrepetitions = 2\n[sweep.axes]\n\"network.loss\" = [0.0, 0.1]\n\
                    \"systems.ring.chord.successors\" = [4, 8]\n";

/// Numbers and texts that no run has given.
const CELLS: [&str; 16] = [
    "",
    "0",
    "-0",
    "-1",
    "1e308",
    "-1e308",
    "1e-320",
    "9007199254740993",
    "1e16",
    "0.1",
    "nan",
    "inf",
    "=1+1",
    "a\"\nb",
    "<&>\u{202e}\u{0}",
    "\u{e9}\u{1f600}\u{300}",
];

/// What belongs to somebody else: it stays.
const FOREIGN: &str = "notes.txt";

/// Results of a run and of a sweep as `peerlab` writes them, one of them with what a killed process left.
pub(crate) struct Made {
    home: TempDir,
    /// The files of each, by their paths.
    files: [Vec<PathBuf>; 2],
}

impl Made {
    /// Runs it.
    pub(crate) fn new() -> Made {
        let home = tempfile::tempdir().expect("there is room");
        let files = [("run", ""), ("sweep", AXES)].map(|(command, more)| {
            let scenario = home.path().join("s.toml");
            fs::write(&scenario, SCENARIO.to_owned() + more).expect("there is room");
            let out = home.path().join(command);
            let mut peerlab = Command::new(env!("CARGO_BIN_EXE_peerlab"));
            peerlab.arg(command).arg(&scenario).arg("--out").arg(&out).arg("--quiet");
            let output = peerlab.output().expect("it starts");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            fs::remove_dir_all(out.join("charts")).expect("there are charts");
            fs::write(out.join(FOREIGN), "mine").expect("there is room");
            leave_stage(&out);
            files(&out)
        });
        Made { home, files }
    }

    /// Mutates some files of a copy of either and reads it as `plot` does.
    ///
    /// # Errors
    /// A panic, a hang, a chart that is not of numbers, an error that names no place, or a foreign file that is gone.
    pub(crate) fn read(&self, seed: u64) -> Result<Kept, String> {
        let mut random = Noise::new(seed);
        let is_sweep = random.chance(0.4);
        let (from, all) =
            (self.home.path().join(["run", "sweep"][usize::from(is_sweep)]), &self.files[usize::from(is_sweep)]);
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        let dir = home.path().join("results");
        let with_stage = random.chance(0.1);
        let copied: Vec<&PathBuf> = all.iter().filter(|path| with_stage || !path.starts_with(".partial-0")).collect();
        for path in &copied {
            fs::create_dir_all(dir.join(path).parent().expect("it lies in it")).map_err(|error| error.to_string())?;
            fs::copy(from.join(path), dir.join(path)).map_err(|error| error.to_string())?;
        }
        let mut told = String::new();
        let mut touched = Vec::new();
        for _ in 0..1 + random.below(2) {
            let path = copied[random.below(copied.len() as u64) as usize];
            if path != Path::new(FOREIGN) {
                told += &format!("{}: {}\n", path.display(), mutate(&dir.join(path), &mut random)?);
                touched.push(dir.join(path));
            }
        }
        let options = options(is_sweep, &mut random);
        told += &format!("{options:?}");
        hold(&dir, &touched, options).map(|()| Kept::Ran(0)).map_err(|why| {
            let kept = home.keep();
            format!("{why}\n{told}\nin {}", kept.display())
        })
    }
}

/// What a process leaves that is killed when its results are complete but not moved.
fn leave_stage(out: &Path) {
    let stage = out.join(".partial-0");
    fs::create_dir_all(stage.join("new/charts")).expect("there is room");
    for (name, text) in [
        ("peerlab-stage", "Results in the making."),
        ("commit.json", r#"{"sealed":false,"stale":["charts/old.svg","pairs.csv"]}"#),
        ("new/charts/online.svg", "<svg/>"),
    ] {
        fs::write(stage.join(name), text).expect("there is room");
    }
}

/// All files below a directory, by their paths in it.
fn files(directory: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).expect("it is there") {
            let path = entry.expect("it is there").path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.push(path.strip_prefix(directory).expect("it lies in it").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Changes a file, and says how.
fn mutate(path: &Path, random: &mut Noise) -> Result<String, String> {
    let Ok(bytes) = fs::read(path) else { return Ok("gone already".to_owned()) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let at = random.below(bytes.len().max(1) as u64) as usize;
    let write = |bytes: &[u8]| fs::write(path, bytes).map_err(|error| error.to_string());
    let how = match random.below(12) {
        0 => {
            fs::remove_file(path).map_err(|error| error.to_string())?;
            "removed".to_owned()
        }
        1 => {
            fs::remove_file(path).and_then(|()| fs::create_dir(path)).map_err(|error| error.to_string())?;
            "a directory".to_owned()
        }
        2 => write(&bytes[..at]).map(|()| format!("cut off at {at}"))?,
        3 => {
            let wide: Vec<u8> =
                "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            write(&wide).map(|()| "UTF-16".to_owned())?
        }
        4 => {
            let strange = [&bytes[..at], &[0xe9, 0xff], &bytes[at..]].concat();
            write(&strange).map(|()| format!("Latin-1 at {at}"))?
        }
        5 => write(("\u{feff}".to_owned() + &text.replace('\n', "\r\n")).as_bytes())
            .map(|()| "from Windows".to_owned())?,
        6 => write(mutated(&text, random).as_bytes()).map(|()| "tokens".to_owned())?,
        _ => {
            let (text, how) = rewritten(&text, random);
            write(text.as_bytes()).map(|()| how)?
        }
    };
    Ok(how)
}

/// A table with other cells, columns or lines.
fn rewritten(text: &str, random: &mut Noise) -> (String, String) {
    let mut rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    if rows.is_empty() {
        return (",".to_owned(), "a comma".to_owned());
    }
    let row = random.below(rows.len() as u64) as usize;
    let other = random.below(rows.len() as u64) as usize;
    let column = random.below(rows[row].len() as u64) as usize;
    let strange = if random.chance(0.5) { &CELLS[..] } else { &STRANGE[..] };
    let cell = strange[random.below(strange.len() as u64) as usize];
    let name = rows[0].get(column).cloned().unwrap_or_default();
    let how = match random.below(7) {
        0 => {
            rows[row][column] = cell.to_owned();
            format!("{cell:?} at {row}, {name}")
        }
        1 => {
            rows.iter_mut().skip(1).filter_map(|row| row.get_mut(column)).for_each(|old| *old = cell.to_owned());
            format!("{cell:?} in all of {name}")
        }
        2 => {
            let wild = |old: &mut String| *old = strange[random.below(strange.len() as u64) as usize].to_owned();
            rows.iter_mut().skip(1).filter_map(|row| row.get_mut(column)).for_each(wild);
            format!("anything in {name}")
        }
        3 => {
            rows.iter_mut().filter(|row| row.len() > column).for_each(|row| drop(row.remove(column)));
            format!("no {name}")
        }
        4 => {
            rows.remove(row);
            format!("no line {row}")
        }
        5 => {
            let twice = rows[row].clone();
            rows.insert(other, twice);
            format!("line {row} at {other} too")
        }
        _ => {
            rows.truncate(1);
            "a header only".to_owned()
        }
    };
    (rows.iter().map(|row| row.join(",") + "\n").collect(), how)
}

/// What `plot` is asked for: in most cases all that it draws by itself.
fn options(is_sweep: bool, random: &mut Noise) -> Options {
    if random.chance(0.6) {
        return Options::default();
    }
    let axes = ["network.loss", "systems.ring.chord.successors", "system", "nothing"];
    let mut axis = || random.chance(0.5).then(|| axes[random.below(4) as usize].to_owned()).filter(|_| is_sweep);
    let (x, by) = (axis(), axis());
    let (log_x, log_y) = (random.chance(0.4), random.chance(0.4));
    let y = ["lookup_correct_ratio", "lookups", "get_latency_p50_ms"];
    Options { x, by, log_x, log_y, y: y.iter().filter(|_| random.chance(0.4)).map(|name| (*name).to_owned()).collect() }
}

/// Reads results of which some files are `touched`.
fn hold(dir: &Path, touched: &[PathBuf], options: Options) -> Result<(), String> {
    let size = "480x360".parse().expect("it is the smallest");
    let look = Look { size: Some(size), ..Look::default() };
    let lines =
        touched.iter().map(|path| fs::read(path).map_or(0, |text| text.split(|byte| *byte == b'\n').count())).max();
    let (place, before) = (dir.to_owned(), files(dir));
    let said = within(1, move || {
        drop(Origin::read(&place));
        chart::plot(&place, None, &options, look)
    })?;
    if !fs::read(dir.join(FOREIGN)).is_ok_and(|text| text == b"mine") {
        return Err("a foreign file is gone".to_owned());
    }
    match said {
        Ok(names) => names.iter().try_for_each(|name| {
            let path = dir.join("charts").join(format!("{name}.svg"));
            let svg = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
            let odd = ["\"NaN", "\"inf", "\"-inf", ",NaN", "NaN,", "inf,"].into_iter().find(|word| svg.contains(word));
            odd.map_or(Ok(()), |word| Err(format!("{name}.svg says {word}")))
        }),
        Err(error) => {
            let words = error.to_string();
            let is_named = |path: &Path| path == dir || touched.iter().any(|one| one == path || path.starts_with(one));
            let is_right = match &error {
                PlotError::Read(ReadError::Content { path, line, .. }) => {
                    is_named(path) && (1..=lines.unwrap_or(0).max(1) as u64 + 1).contains(line)
                }
                PlotError::Read(ReadError::File(file)) | PlotError::File(file) => is_named(&file.path),
                PlotError::NoResults { path, .. } => path == dir,
                PlotError::Option(_) => true,
            };
            if !is_right {
                return Err(format!("an error without the place: {words}"));
            }
            let is_settled = before.iter().any(|path| path.starts_with(".partial-0")) || before == files(dir);
            if is_settled { Ok(()) } else { Err(format!("something was changed in spite of: {words}")) }
        }
    }
}
