//! Text that fits where it is shown, and that says nothing to the program that shows it.
//!
//! Names, descriptions and reasons come from outside: from alarms, from stopped tasks, from the people who request.

/// At most `max` characters of `text`; `mark` stands for what was cut.
pub(crate) fn cut(text: &str, max: usize, mark: &str) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max - mark.chars().count()).collect();
    kept + mark
}

/// One line of printable ASCII; dashes and quotes become their plain forms, what has none becomes `?`.
pub(super) fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        ' '..='~' => c,
        '\u{2010}'..='\u{2015}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        c if c.is_control() || c.is_whitespace() => ' ',
        _ => '?',
    };
    let text: String = text.chars().map(plain).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line: what ends a line, controls a terminal or turns the direction of writing becomes a space.
pub(super) fn line(text: &str) -> String {
    text.replace(is_hidden, " ")
}

/// The same for text of several lines: those after the first are quoted, so that none of them looks like a part of the
/// message. Only a text that is forwarded has several of its own.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(|c: char| c != '\n' && is_hidden(c), " ");
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| if line.is_empty() { text + "\n" } else { format!("{text}\n> {line}") })
}

/// Controls, line ends, and what Unicode renders invisibly or right to left:
/// <https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings>.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Text for a chat: it notifies no one and links nothing under another name.
///
/// Slack reads `<!here>`, `<@U1>` and `<https://address|text>` as mentions and links, and HTML is one of Teams' forms:
/// <https://docs.slack.dev/messaging/formatting-message-text>. The brackets become quotation marks of the same shape, which
/// no client decodes. A zero-width space parts `@` from what addresses everybody.
pub(super) fn chat(text: &str) -> String {
    let mut text = text.replace('<', "\u{2039}").replace('>', "\u{203a}").replace("](", "] (");
    for name in ["channel", "here", "everyone", "all"] {
        let found: Vec<usize> =
            text.to_ascii_lowercase().match_indices(&format!("@{name}")).map(|(at, _)| at).collect();
        found.into_iter().rev().for_each(|at| text.insert(at + 1, '\u{200b}'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_notifies_no_one_in_a_chat_and_links_nothing() {
        let outside =
            "<!here> @channel @Everyone <@U123> <https://evil.example|runbook> [runbook](https://evil.example)";
        let expected = "\u{2039}!here\u{203a} @\u{200b}channel @\u{200b}Everyone \u{2039}@U123\u{203a} \
                        \u{2039}https://evil.example|runbook\u{203a} [runbook] (https://evil.example)";
        assert_eq!(chat(outside), expected);
        assert_eq!(chat("web@sha256:2fe2 ops@example.com"), "web@sha256:2fe2 ops@example.com");
    }

    #[test]
    fn text_from_outside_ends_no_line_and_controls_nothing() {
        assert_eq!(line("a\r\nNext\u{1b}[31m\u{202e}b\u{2028}c"), "a  Next [31m b c");
        assert_eq!(quoted("a\r\n\nNext\u{7}\tc"), "a\n\n> Next  c");
    }
}
