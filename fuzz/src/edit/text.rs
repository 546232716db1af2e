//! Edits of texts.

use simulation::rng::Rng;

use super::junk;

/// Changes a text somewhere.
pub fn edit(text: &mut String, rng: &mut Rng) {
    let at = boundary(text, rng);
    match rng.between(0, 11) {
        0 => *text = junk::text(rng),
        1 => text.truncate(at),
        2 => drop(text.drain(..at)),
        3 | 4 => text.insert_str(at, junk::short(rng)),
        5 => {
            let end = boundary(text, rng);
            drop(text.drain(at.min(end)..at.max(end)));
        }
        6 => {
            let end = boundary(text, rng);
            let part = text[at.min(end)..at.max(end)].to_owned();
            let room = junk::long(rng, part.len());
            text.insert_str(at, &part.repeat(room.min(3)));
        }
        7 => *text = text.repeat(junk::long(rng, text.len())),
        8 | 9 => number(text, rng),
        10 => *text = if rng.chance(0.5) { text.to_uppercase() } else { text.to_lowercase() },
        _ => word(text, rng),
    }
}

/// A place between two characters.
fn boundary(text: &str, rng: &mut Rng) -> usize {
    let within = usize::try_from(rng.between(0, i64::try_from(text.len()).unwrap_or(0))).unwrap_or(0);
    text.floor_char_boundary(within)
}

/// Puts another number for one that stands in the text.
fn number(text: &mut String, rng: &mut Rng) {
    let is_digit = |c: char| c.is_ascii_digit();
    let starts: Vec<usize> =
        text.match_indices(is_digit).map(|(at, _)| at).filter(|at| !text[..*at].ends_with(is_digit)).take(64).collect();
    if starts.is_empty() {
        return text.push_str(junk::short(rng));
    }
    let start = *rng.pick(&starts);
    let length = text[start..].find(|c: char| !is_digit(c)).unwrap_or(text.len() - start);
    let other = junk::number(rng).to_string();
    text.replace_range(start..start + length, &other);
}

/// Puts something else for one of its words.
fn word(text: &mut String, rng: &mut Rng) {
    let words: Vec<(usize, usize)> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word.len()))
        .take(64)
        .collect();
    if words.is_empty() {
        return text.insert_str(0, junk::short(rng));
    }
    let (start, length) = *rng.pick(&words);
    let other = junk::text(rng);
    text.replace_range(start..start + length, &other);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_edited_between_its_characters() {
        let mut rng = Rng::seeded(1);
        for _ in 0..5_000 {
            let mut text = "a 12 é 🦀 İ".to_owned();
            for _ in 0..3 {
                edit(&mut text, &mut rng);
            }
        }
    }
}
