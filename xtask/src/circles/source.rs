//! What a source names: its imports, and the paths in its code.

use std::collections::BTreeSet;

use regex_lite::Regex;

/// One name that a source imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Where it comes from; of a glob, the module.
    pub path: Vec<String>,
    /// By what name it is known then; `*` for a glob.
    pub name: String,
    /// Its line, counted from 1.
    pub line: usize,
    /// Is it passed on to others?
    pub public: bool,
}

/// What a source names.
#[derive(Debug, Default)]
pub struct Source {
    /// Its imports, one by one.
    pub uses: Vec<Use>,
    /// Paths in its code, with their lines.
    pub paths: Vec<(Vec<String>, usize)>,
    /// Names of the items that it defines.
    pub defines: BTreeSet<String>,
}

impl Source {
    /// Reads a source; comments, texts and what is compiled for tests are left out.
    pub fn parse(text: &str) -> Source {
        let mut code = without_tests(&without_texts(text));
        let ends: Vec<usize> = code.match_indices('\n').map(|(at, _)| at).collect();
        let mut source = Source::default();
        let statement = regex(r"(?m)^[ ]*(pub(?:\([a-z: ]+\))?\s+)?use\s+([^;]+);");
        let statements: Vec<_> = statement
            .captures_iter(&code)
            .filter_map(|found| {
                Some((found.get(0)?.range(), found.get(1).is_some(), found.get(2)?.as_str().trim().to_owned()))
            })
            .collect();
        for (range, public, tree) in statements {
            let line = line(&ends, range.start);
            flatten(&[], &tree, &mut |path, name| {
                source.uses.push(Use { path: path.to_vec(), name: name.to_owned(), line, public });
            });
            blank(&mut code, range);
        }
        for found in regex(r"\b[a-z_][a-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)+").find_iter(&code) {
            let path = found.as_str().split("::").map(str::to_owned).collect();
            source.paths.push((path, line(&ends, found.start())));
        }
        source.paths.extend(paths_in_attributes(text, &code));
        let item = regex(r"\b(?:struct|enum|trait|type|fn|const|static|macro_rules!|mod)\s+([A-Za-z_][A-Za-z0-9_]*)");
        let names = item.captures_iter(&code).filter_map(|found| Some(found.get(1)?.as_str().to_owned()));
        source.defines = names.collect();
        source
    }
}

/// The paths in the texts of attributes, such as `schema_with = "crate::a::b"`; `code` has these texts blanked.
fn paths_in_attributes(text: &str, code: &str) -> Vec<(Vec<String>, usize)> {
    let ends: Vec<usize> = code.match_indices('\n').map(|(at, _)| at).collect();
    let (attribute, path) =
        (regex(r"#!?\[[^\]]*\]"), regex(r#""((?:crate|self|super)(?:::[A-Za-z_][A-Za-z0-9_]*)+)""#));
    let mut paths = Vec::new();
    for range in attribute.find_iter(code).map(|found| found.range()) {
        for found in path.captures_iter(&text[range.clone()]).filter_map(|found| found.get(1)) {
            let segments = found.as_str().split("::").map(str::to_owned).collect();
            paths.push((segments, line(&ends, range.start + found.start())));
        }
    }
    paths
}

/// Calls `each` for every name of a tree: `a::{b, c as d, e::*}`.
fn flatten(before: &[String], tree: &str, each: &mut impl FnMut(&[String], &str)) {
    if let Some((head, inside)) = tree.split_once('{') {
        let path = [before, &segments(head)].concat();
        let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
        let (mut depth, mut start) = (0, 0);
        for (at, letter) in inside.char_indices().chain([(inside.len(), ',')]) {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !inside[start..at].trim().is_empty() {
                        flatten(&path, inside[start..at].trim(), each);
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (tree, alias) = tree.split_once(" as ").map_or((tree, None), |(tree, alias)| (tree, Some(alias.trim())));
    let mut path = [before, &segments(tree)].concat();
    let last = path.last().cloned().unwrap_or_default();
    if last == "*" || (last == "self" && path.len() > 1) {
        path.pop();
    }
    let name = if last == "*" { "*" } else { path.last().map_or("", String::as_str) };
    each(&path, alias.unwrap_or(name));
}

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(str::trim).filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

/// The code with comments and the insides of texts blanked.
fn without_texts(text: &str) -> String {
    let mut code = text.to_owned();
    let skipped = regex(r##"(?s)//[^\n]*|/\*.*?\*/|r#+".*?"#+|r?"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'"##);
    let ranges: Vec<_> = skipped.find_iter(text).map(|found| found.range()).collect();
    ranges.into_iter().for_each(|range| blank(&mut code, range));
    code
}

/// The code without items that are compiled for tests only.
fn without_tests(code: &str) -> String {
    let mut left = code.to_owned();
    for found in regex(r"#\[cfg\(test\)\]").find_iter(code) {
        let rest = &code[found.end()..];
        let end = match rest.find([';', '{']) {
            Some(at) if rest[at..].starts_with('{') => at + block(&rest[at..]),
            Some(at) => at + 1,
            None => rest.len(),
        };
        blank(&mut left, found.start()..found.end() + end);
    }
    left
}

/// How long the block is that a text begins with.
fn block(text: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

fn blank(text: &mut String, range: std::ops::Range<usize>) {
    let blanks: String = text[range.clone()]
        .chars()
        .map(|letter| if letter == '\n' { "\n".to_owned() } else { " ".repeat(letter.len_utf8()) })
        .collect();
    text.replace_range(range, &blanks);
}

/// The line of a place, by the places at which lines end.
fn line(ends: &[usize], at: usize) -> usize {
    ends.partition_point(|end| *end < at) + 1
}

#[allow(clippy::expect_used)] // each pattern is written here and covered by a test
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_imports_is_read_name_by_name() {
        let source = Source::parse("use a::b;\npub(crate) use super::{\n    c::{self, D as E},\n    f::*,\n};\n");
        let found: Vec<(String, &str, usize, bool)> =
            source.uses.iter().map(|own| (own.path.join("::"), own.name.as_str(), own.line, own.public)).collect();
        let expected = [
            ("a::b", "b", 1, false),
            ("super::c", "c", 2, true),
            ("super::c::D", "E", 2, true),
            ("super::f", "*", 2, true),
        ];
        assert_eq!(found, expected.map(|(path, name, line, public)| (path.to_owned(), name, line, public)));
    }

    #[test]
    fn a_path_in_the_text_of_an_attribute_is_one() {
        let text = "#[serde(\n    with = \"crate::a::b\",\n    rename = \"c::d\"\n)]\nstruct S(#[x(\"self::e\")] u8);\n// #[x(\"super::f\")]\nconst T: &str = \"crate::g\";\n";
        let found: Vec<(String, usize)> =
            Source::parse(text).paths.iter().map(|(path, line)| (path.join("::"), *line)).collect();
        assert_eq!(found, [("crate::a::b".to_owned(), 2), ("self::e".to_owned(), 5)]);
    }

    #[test]
    fn code_is_read_without_comments_texts_and_tests() {
        let text = "// a::b\nfn f() { c::d(\"e::f\", 'x', r#\"g::h\"#); }\n#[cfg(test)]\nmod tests {\n    fn g() { i::j() }\n}\nk::l!();\n";
        let source = Source::parse(text);
        let found: Vec<(String, usize)> = source.paths.iter().map(|(path, line)| (path.join("::"), *line)).collect();
        assert_eq!(found, [("c::d".to_owned(), 2), ("k::l".to_owned(), 7)]);
        assert!(source.defines.contains("f") && !source.defines.contains("g"));
    }
}
