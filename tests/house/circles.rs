//! Circles of files: files of which each names the next one and the last names the first can only be read together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::sources;

/// The largest circle that needs no exception.
const LARGEST: usize = 8;

/// Larger circles as yet: one of their files, and how many there are. A circle may shrink, and leave the list.
const LARGER: &[(&str, usize)] = &[("storage/node/mod.rs", 11), ("measure/metrics.rs", 12), ("scenario/file.rs", 9)];

/// The path of a module, from the crate's root.
type Module = Vec<String>;

/// The files of `src/` by their modules, with their text; without those that only tests read.
struct Files {
    files: BTreeMap<Module, (PathBuf, String)>,
}

impl Files {
    fn read() -> Files {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let for_tests =
            |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs" || part == "testing.rs");
        let file = |(path, text): (PathBuf, String)| {
            let path = path.strip_prefix(&root).expect("it is below src").to_owned();
            let mut module: Module =
                path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
            module.pop_if(|last| last == "mod");
            (module, (path, text))
        };
        Files { files: sources().into_iter().map(file).filter(|(_, (path, _))| !for_tests(path)).collect() }
    }

    /// The module that has a path: that of a file, of which the rest of the path is an item.
    fn owner(&self, mut path: Module) -> Option<&Module> {
        while !path.is_empty() {
            if let Some((module, _)) = self.files.get_key_value(&path) {
                return Some(module);
            }
            path.pop();
        }
        None
    }

    /// The modules that a file names, in its own layer or any other.
    fn named(&self, own: &Module) -> Vec<&Module> {
        let (_, text) = &self.files[own];
        let text = text.split("#[cfg(test)]\nmod tests {").next().expect("a split has a first part");
        let code: String = text.lines().map(|line| line.split("//").next().unwrap_or(line).to_owned() + " ").collect();
        let mut paths: Vec<Module> = Vec::new();
        for piece in code.split("use ").skip(1) {
            let tree: String = piece.split(';').next().expect("a first part").split_whitespace().collect();
            leaves(&tree, &mut Vec::new(), &mut paths);
        }
        for start in ["crate::", "super::"] {
            for (at, _) in code.match_indices(start) {
                let path = code[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next();
                paths.push(path.expect("a first part").split("::").map(str::to_owned).collect());
            }
        }
        let absolute = |path: Module| {
            let ups = path.iter().take_while(|part| *part == "super").count();
            match path.first()?.as_str() {
                "crate" => Some(path[1..].to_vec()),
                "super" => Some([&own[..own.len().checked_sub(ups)?], &path[ups..]].concat()),
                _ => None,
            }
        };
        let owners = paths.into_iter().filter_map(absolute).filter_map(|path| self.owner(path));
        owners.filter(|module| *module != own).collect()
    }
}

/// The paths of a tree of imports: `a::{b, c::d}` has `a::b` and `a::c::d`.
fn leaves(tree: &str, before: &mut Module, out: &mut Vec<Module>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split("::").map(str::to_owned);
        return out.push(before.iter().cloned().chain(path).collect());
    };
    let depth = before.len();
    before.extend(head.trim_end_matches("::").split("::").map(str::to_owned));
    let (mut open, mut start) = (0, 0);
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            ',' if open == 0 => {
                if at > start {
                    leaves(&inner[start..at], before, out);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    before.truncate(depth);
}

/// Circles of more than one file: strongly connected components, by reaching in both directions.
fn circles(files: &Files) -> Vec<Vec<&PathBuf>> {
    let modules: Vec<&Module> = files.files.keys().collect();
    let number: BTreeMap<&Module, usize> = modules.iter().enumerate().map(|(at, module)| (*module, at)).collect();
    let next: Vec<Vec<usize>> =
        modules.iter().map(|module| files.named(module).iter().map(|named| number[*named]).collect()).collect();
    let reached = |from: usize| {
        let (mut seen, mut open) = (vec![false; modules.len()], vec![from]);
        while let Some(at) = open.pop() {
            for &to in next[at].iter().filter(|to| !std::mem::replace(&mut seen[**to], true)).collect::<Vec<_>>() {
                open.push(to);
            }
        }
        seen
    };
    let reached: Vec<Vec<bool>> = (0..modules.len()).map(reached).collect();
    let mut circles = Vec::new();
    let mut done = vec![false; modules.len()];
    for at in 0..modules.len() {
        if done[at] || !reached[at][at] {
            continue;
        }
        let circle: Vec<usize> = (0..modules.len()).filter(|&other| reached[at][other] && reached[other][at]).collect();
        circle.iter().for_each(|&member| done[member] = true);
        circles.push(circle.into_iter().map(|member| &files.files[modules[member]].0).collect());
    }
    circles
}

#[test]
fn circles_of_files_are_small_and_larger_ones_shrink() {
    let files = Files::read();
    let circles = circles(&files);
    assert!(circles.len() > 3, "circles were not looked for: {circles:?}");
    let mut wrong = Vec::new();
    for circle in &circles {
        let excepted = LARGER.iter().find(|(file, _)| circle.iter().any(|member| member.ends_with(file)));
        let most = excepted.map_or(LARGEST, |(_, most)| *most);
        if circle.len() > most || excepted.is_some_and(|(_, most)| circle.len() < *most) {
            wrong.push(format!("a circle of {} files, {most} listed: {circle:?}", circle.len()));
        }
    }
    for (file, _) in LARGER {
        if !circles.iter().flatten().any(|member| member.ends_with(file)) {
            wrong.push(format!("{file} is in no circle any more: take it off the list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
