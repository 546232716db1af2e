//! How images are written.

use std::collections::BTreeMap;

use planner::fleet::ServicePolicy;
use planner::model::{Image, format_time};

/// `3f2a9c1`, for subjects; several images joined.
pub(super) fn short_names(images: &BTreeMap<String, Image>) -> String {
    images.values().map(Image::short).collect::<Vec<_>>().join(" and ")
}

/// A fact for each repository whose image changes, then one for each comparison of two commits where the fleet names
/// the source repository.
pub(super) fn changes(
    policy: &ServicePolicy,
    next: &BTreeMap<String, Image>,
    previous: &BTreeMap<String, Image>,
) -> Vec<(String, String)> {
    let changed = next
        .iter()
        .filter(|(repository, image)| previous.get(*repository).is_none_or(|previous| previous.digest != image.digest));
    let line = |(repository, image): (&String, &Image)| {
        let from = previous.get(repository).map(|previous| format!("{previous} -> ")).unwrap_or_default();
        (repository.clone(), format!("{from}{image}, pushed {}", format_time(image.pushed_at)))
    };
    let comparison = |(repository, image): (&String, &Image)| {
        let source = policy.image(repository)?.source.as_ref()?;
        let (old, new) = (previous.get(repository)?.commit()?, image.commit()?);
        Some(("comparison".to_owned(), format!("{source}/compare/{old}...{new}")))
    };
    changed.clone().map(line).chain(changed.filter_map(comparison)).collect()
}
