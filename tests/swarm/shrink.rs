//! The smallest part of a document that still does what the whole does.

use serde_json::Value;

/// Leaves out tables, keys and items of lists, the large ones first, as long as `fails` says that it still fails.
pub(crate) fn shrink(document: &Value, fails: &dyn Fn(&Value) -> bool) -> Value {
    let mut smallest = document.clone();
    loop {
        let before = smallest.clone();
        for path in paths(&before) {
            let mut smaller = smallest.clone();
            if remove(&mut smaller, &path) && fails(&smaller) {
                smallest = smaller;
            }
        }
        if smallest == before {
            return smallest;
        }
    }
}

/// Where there is something to leave out: the outer before the inner.
fn paths(value: &Value) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut open = vec![(Vec::new(), value)];
    while let Some((path, value)) = open.pop() {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(table) => table.iter().map(|(key, child)| (key.clone(), child)).collect(),
            Value::Array(list) => list.iter().enumerate().rev().map(|(at, child)| (at.to_string(), child)).collect(),
            _ => Vec::new(),
        };
        for (key, child) in children {
            let at = [path.as_slice(), &[key]].concat();
            all.push(at.clone());
            open.push((at, child));
        }
    }
    all.sort_by_key(Vec::len);
    all
}

/// Whether there was something.
fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((key, rest)) = path.split_first() else { return false };
    match value {
        Value::Object(table) if rest.is_empty() => table.shift_remove(key).is_some(),
        Value::Object(table) => table.get_mut(key).is_some_and(|child| remove(child, rest)),
        Value::Array(list) => match key.parse::<usize>() {
            Ok(at) if at < list.len() && rest.is_empty() => {
                list.remove(at);
                true
            }
            Ok(at) => list.get_mut(at).is_some_and(|child| remove(child, rest)),
            Err(_) => false,
        },
        _ => false,
    }
}

#[test]
fn what_does_not_matter_is_left_out() {
    let document = serde_json::json!({ "a": { "b": [1, 2, 3], "c": 4 }, "d": 5 });
    let fails = |value: &Value| value["a"]["b"].as_array().is_some_and(|list| list.contains(&2.into()));
    assert_eq!(shrink(&document, &fails), serde_json::json!({ "a": { "b": [2] } }));
}
