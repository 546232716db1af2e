//! What documents and alarms point at is there.

/// Every document of the repository by its path.
fn documents() -> Vec<(String, String)> {
    let docs = std::fs::read_dir(tests::root().join("docs")).unwrap();
    let names = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_string_lossy()));
    let paths = names.filter(|name| name.ends_with(".md")).chain(["README.md".to_owned()]);
    let read = |path: String| (path.clone(), std::fs::read_to_string(tests::root().join(path)).unwrap());
    paths.map(read).collect()
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let mut links = 0;
    for (path, document) in documents() {
        let folder = tests::root().join(&path).parent().unwrap().to_owned();
        for rest in document.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                links += 1;
                assert!(folder.join(target).exists(), "{path}: nothing is at {target}");
            }
        }
    }
    assert!(links > 20, "links are read as expected");
}
