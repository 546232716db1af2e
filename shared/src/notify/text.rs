//! Text that fits where it is shown.

/// At most `max` characters of `text`; `mark` stands for what was cut.
pub(super) fn cut(text: &str, max: usize, mark: &str) -> String {
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
