//! Which lines of a document there are, and what each shows. What is kept grows with what a person
//! opened, never with the document: a list of a million values is one entry.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::raw::wrapped;
use super::tree_line::{Path, Shown, TEXT, TreeLine};
use crate::decode::{Tree, Value};

/// Containers deeper than this begin closed.
const OPEN_DEPTH: usize = 3;
/// Containers with more children than this begin closed, and so do those within them.
const OPEN_CHILDREN: usize = 100;
/// Lines that are listed before the person opens anything, about.
const OPEN_LINES: usize = 2000;

/// The lines of one document at one width.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What is open, in the order of the document.
    open: BTreeSet<Path>,
    runs: Vec<Run>,
    total: usize,
    /// Characters that fit beside each other.
    columns: usize,
}

/// Lines that follow from each other.
#[derive(Debug)]
struct Run {
    /// Number of its first line.
    first: usize,
    /// Where the value that the lines belong to is; of children, their parent's.
    path: Path,
    /// Its position among all values.
    position: u32,
    of: RunOf,
}

#[derive(Debug)]
enum RunOf {
    /// The value itself.
    Itself,
    /// Children, from this one on.
    Children(u32),
    /// Lines of an open string.
    Text(String, Vec<Range<usize>>),
}

impl Lines {
    /// The lines of a document nobody has touched.
    pub(super) fn new(tree: &Tree, columns: usize) -> Self {
        let mut lines = Self { columns, ..Self::default() };
        let mut listed = 1;
        lines.open_by_itself(tree.root(), &mut Vec::new(), &mut listed);
        lines.list(tree);
        lines
    }

    fn open_by_itself(&mut self, value: Value<'_>, path: &mut Path, listed: &mut usize) {
        *listed += value.len();
        if value.is_empty() || (*listed > OPEN_LINES && !path.is_empty()) {
            *listed -= value.len();
            return;
        }
        self.open.insert(path.clone());
        if path.len() + 1 >= OPEN_DEPTH || value.len() > OPEN_CHILDREN {
            return;
        }
        for (at, child) in value.children().enumerate() {
            if child.is_container() && child.len() <= OPEN_CHILDREN {
                path.push(step(at));
                self.open_by_itself(child, path, listed);
                path.pop();
            }
        }
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.total
    }

    /// Opens or closes the value there.
    pub(super) fn turn(&mut self, tree: &Tree, path: Path) {
        if !self.open.remove(&path) {
            self.open.insert(path);
        }
        self.list(tree);
    }

    /// Breaks open strings at another width.
    pub(super) fn set_columns(&mut self, tree: &Tree, columns: usize) {
        if self.columns != columns {
            self.columns = columns;
            self.list(tree);
        }
    }

    fn list(&mut self, tree: &Tree) {
        let open = std::mem::take(&mut self.open);
        self.runs.clear();
        self.total = 0;
        let root = tree.root();
        self.add(1, Vec::new(), root, RunOf::Itself);
        if open.contains(&Vec::new()) {
            self.list_open(&open, root, &mut Vec::new());
        }
        self.open = open;
    }

    fn add(&mut self, lines: usize, path: Path, value: Value<'_>, of: RunOf) {
        if lines > 0 {
            self.runs.push(Run { first: self.total, path, position: value.position(), of });
            self.total += lines;
        }
    }

    /// Lists what an open value holds.
    fn list_open(&mut self, open: &BTreeSet<Path>, value: Value<'_>, path: &mut Path) {
        if !value.is_container() {
            self.list_text(value, path);
            return;
        }
        let (depth, mut from) = (path.len(), 0);
        let within = open.range(path.clone()..).skip(1);
        let within = within.take_while(|other| other.starts_with(path));
        let children: Vec<u32> =
            within.filter(|other| other.len() == depth + 1).map(|other| other[depth]).collect();
        for at in children {
            let Some(child) = value.child(at as usize) else { continue };
            let count = (at + 1 - from) as usize;
            self.add(count, path.clone(), value, RunOf::Children(from));
            path.push(at);
            self.list_open(open, child, path);
            path.pop();
            from = at + 1;
        }
        let count = value.len().saturating_sub(from as usize);
        self.add(count, path.clone(), value, RunOf::Children(from));
    }

    /// Lists an open string, in lines as wide as the room.
    fn list_text(&mut self, value: Value<'_>, path: &Path) {
        let room = self.columns.saturating_sub((path.len() + 1) * 2).max(20);
        let text = value.start(TEXT).unwrap_or_default().into_owned();
        let lines = wrapped(&text, room);
        let more = usize::from(value.raw().len() > TEXT);
        let count = lines.len() + more;
        self.add(count, path.clone(), value, RunOf::Text(text, lines));
    }

    /// What this line shows.
    pub(super) fn get<'t>(&self, tree: &'t Tree, line: usize) -> Option<TreeLine<'t>> {
        let at = self.runs.partition_point(|run| run.first <= line).checked_sub(1)?;
        let run = &self.runs[at];
        let value = tree.value(run.position)?;
        let offset = line - run.first;
        let mut path = run.path.clone();
        match &run.of {
            RunOf::Itself => Some(self.line(value, path, Cow::Borrowed(""))),
            RunOf::Children(from) => {
                let place = *from as usize + offset;
                let child = value.child(place)?;
                path.push(step(place));
                let key = child.key().unwrap_or_else(|| Cow::Owned(place.to_string()));
                Some(self.line(child, path, key))
            }
            RunOf::Text(text, lines) => {
                let part = lines.get(offset).map_or("… the rest is in Raw", |r| &text[r.clone()]);
                let shown = Shown::Part(part.replace(char::is_control, " "));
                Some(TreeLine { value, path, key: Cow::Borrowed(""), shown })
            }
        }
    }

    fn line<'t>(&self, value: Value<'t>, path: Path, key: Cow<'t, str>) -> TreeLine<'t> {
        let shown = Shown::new(value, &path, &key, self.columns, || self.open.contains(&path));
        TreeLine { value, path, key, shown }
    }
}

/// A place in a path; trees hold fewer values than fit.
fn step(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tree_line::path_text;
    use super::*;
    use crate::decode::Builder;

    fn document(source: &str) -> Tree {
        let mut tree = Builder::default();
        tree.json(source).unwrap();
        tree.finish().unwrap()
    }

    fn texts(source: &str, turned: &[u32]) -> Vec<String> {
        let tree = document(source);
        let mut lines = Lines::new(&tree, 40);
        if !turned.is_empty() {
            lines.turn(&tree, turned.to_vec());
        }
        let line = |at| lines.get(&tree, at).unwrap().shown.words().to_owned();
        (1..lines.len()).map(line).collect()
    }

    fn keys(lines: &Lines, tree: &Tree) -> Vec<String> {
        (0..lines.len()).map(|at| lines.get(tree, at).unwrap().key.into_owned()).collect()
    }

    #[test]
    fn numbers_are_spelled_as_they_were_sent() {
        let numbers = ["50242", "1.10", "-0", "1E5", "12345678901234567890", "0.1000"];
        assert_eq!(texts(&format!("[{}]", numbers.join(",")), &[]), numbers);
        let large = "123456789012345678901234567890";
        assert_eq!(texts(&format!(r#"{{"a":"x 1","b":{large}}}"#), &[]), ["x 1", large]);
    }

    #[test]
    fn a_long_string_opens_into_lines() {
        let long = "0123456789".repeat(9);
        let source = format!(r#"{{"short":"abc","long":"{long}","after":1}}"#);
        assert_eq!(texts(&source, &[]), ["abc", &long, "1"]);
        let open = texts(&source, &[1]);
        assert_eq!(open[..2], ["abc", "string, 90 characters"]);
        assert_eq!(open[2..open.len() - 1].concat(), long);
        assert_eq!(open.last().map(String::as_str), Some("1"));
        assert!(open.len() > 5, "{open:?}");
    }

    #[test]
    fn only_what_is_open_is_listed() {
        let many: Vec<u32> = (0..1000).collect();
        let value = serde_json::json!({ "a": { "b": { "c": { "d": 1 } } }, "many": many, "n": 7 });
        let tree = document(&value.to_string());
        let mut lines = Lines::new(&tree, 40);
        assert_eq!(keys(&lines, &tree), ["", "a", "b", "c", "many", "n"]);
        lines.turn(&tree, vec![1]);
        assert_eq!(lines.len(), 1006);
        let last = lines.get(&tree, 1005).unwrap();
        assert_eq!(path_text(&tree, &last.path), "n");
        assert_eq!(path_text(&tree, &lines.get(&tree, 5).unwrap().path), "many.0");
        assert_eq!(lines.get(&tree, 1004).unwrap().shown.words(), "999");
        lines.turn(&tree, vec![0]);
        assert_eq!(keys(&lines, &tree)[..3], ["", "a", "many"]);
        // What is within a closed value is as it was when that opens again.
        lines.turn(&tree, vec![0]);
        assert_eq!(keys(&lines, &tree)[..4], ["", "a", "b", "c"]);
        lines.turn(&tree, vec![]);
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn a_million_values_are_a_handful_of_runs() {
        let mut tree = Builder::default();
        tree.array();
        for number in 0..1_000_000 {
            tree.array().number(number).close();
        }
        tree.close();
        let tree = tree.finish().unwrap();
        let mut lines = Lines::new(&tree, 40);
        assert_eq!((lines.len(), lines.runs.len()), (1_000_001, 2));
        lines.turn(&tree, vec![500_000]);
        lines.turn(&tree, vec![999_999]);
        assert_eq!((lines.len(), lines.runs.len()), (1_000_003, 5));
        let shown = |at| lines.get(&tree, at).unwrap().shown.words().to_owned();
        assert_eq!((shown(500_002), shown(1_000_002)), ("500000".into(), "999999".into()));
        assert_eq!(path_text(&tree, &lines.get(&tree, 500_003).unwrap().path), "500001");
    }

    #[test]
    fn what_opens_by_itself_is_bounded() {
        let row = format!("[{}]", vec!["[1,2,3]"; 90].join(","));
        let source = format!("[{}]", vec![row.as_str(); 90].join(","));
        let lines = Lines::new(&document(&source), 40);
        assert!(lines.len() < OPEN_LINES + 200, "{}", lines.len());
    }
}
