//! How images are written.

use std::collections::BTreeMap;

use planner::model::{Image, format_time};

/// `latest (ab12cd34ef56)`; several images joined.
pub(super) fn names(images: &BTreeMap<String, Image>) -> String {
    images.values().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

pub(super) fn changes(after: &BTreeMap<String, Image>, before: &BTreeMap<String, Image>) -> Vec<(String, String)> {
    let line = |(repository, image): (&String, &Image)| match before.get(repository) {
        Some(before) if before.digest == image.digest => None,
        Some(before) => {
            Some((repository.clone(), format!("{before} -> {image}, pushed {}", format_time(image.pushed_at))))
        }
        None => Some((repository.clone(), format!("{image}, pushed {}", format_time(image.pushed_at)))),
    };
    after.iter().filter_map(line).collect()
}
