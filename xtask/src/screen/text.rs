//! Text for a terminal: colour where it is wanted, and lines of the terminal's width.

use std::io::{IsTerminal, stdout};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What a text is painted in.
#[derive(Clone, Copy, Debug)]
pub enum Paint {
    /// Headings.
    Bold,
    /// What may be skipped.
    Dim,
    /// As expected.
    Green,
    /// Not as expected.
    Red,
    /// Names of things that happen.
    Cyan,
}

/// `text` in colour where colours are wanted: on a terminal, unless `NO_COLOR` is set.
pub fn paint(paint: Paint, text: &str) -> String {
    static COLOUR: OnceLock<bool> = OnceLock::new();
    let wanted = || stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if !*COLOUR.get_or_init(wanted) {
        return text.to_owned();
    }
    let code = match paint {
        Paint::Bold => 1,
        Paint::Dim => 2,
        Paint::Green => 32,
        Paint::Red => 31,
        Paint::Cyan => 36,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Columns to write in.
pub fn width() -> usize {
    static WIDTH: OnceLock<usize> = OnceLock::new();
    *WIDTH.get_or_init(|| {
        let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        given.or_else(terminal_width).unwrap_or(110).clamp(40, 140)
    })
}

fn terminal_width() -> Option<usize> {
    if !stdout().is_terminal() {
        return None;
    }
    let size = Command::new("stty").arg("size").stdin(Stdio::inherit()).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(size.stdout).ok()?.split_whitespace().nth(1)?.parse().ok().filter(|columns| *columns > 0)
}

/// `text` in lines of at most `width` characters, broken at spaces, longer words broken anywhere. What fits stays as it
/// is, so that columns stay columns.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = vec![indent.clone()];
    for word in text.split_whitespace() {
        let mut rest = word;
        loop {
            let line = lines.last_mut().map(|line| (line.chars().count(), line));
            let Some((used, line)) = line else { break };
            let space = usize::from(used > indent.len());
            let length = rest.chars().count();
            if used + space + length <= width {
                line.push_str(if space == 1 { " " } else { "" });
                line.push_str(rest);
                break;
            }
            if used > indent.len() {
                lines.push(indent.clone());
                continue;
            }
            let cut = rest.char_indices().nth(width.saturating_sub(used).max(1)).map_or(rest.len(), |(at, _)| at);
            line.push_str(&rest[..cut]);
            rest = &rest[cut..];
            if rest.is_empty() {
                break;
            }
        }
    }
    lines
}

/// `text` in one line of at most `width` characters; what is cut off is `...`.
pub fn cut(text: &str, width: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= width {
        return line;
    }
    let kept: String = line.chars().take(width.saturating_sub(4)).collect();
    format!("{} ...", kept.trim_end())
}

/// `text` without colours.
pub fn plain(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_spaces_and_keeps_the_indent() {
        assert_eq!(wrap("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("why   because", 20), ["why   because"]);
    }

    #[test]
    fn cuts_at_the_width_and_says_so() {
        assert_eq!(cut("one two  three", 13), "one two three");
        assert_eq!(cut("one two three", 12), "one two ...");
    }

    #[test]
    fn takes_colours_away() {
        assert_eq!(plain("a \x1b[31mred\x1b[0m word"), "a red word");
    }
}
