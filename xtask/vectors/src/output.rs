//! Writing the corpus, and comparing it with what is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Makes the folder `name` below `root` hold exactly `files`.
pub(crate) fn write(root: &Path, name: &str, files: &Files) -> Result<String, String> {
    let folder = &root.join(name);
    fs::create_dir_all(folder).map_err(|error| format!("{name}: {error}"))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, bytes)).map_err(|error| format!("{name}: {error}"))?;
    }
    let strangers = listing(name, folder)?.into_iter().filter(|name| !files.contains_key(name));
    for name in strangers {
        fs::remove_file(folder.join(&name)).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(format!("wrote {} files of {} bytes to {name}", files.len(), total(files)))
}

/// Fails, naming each file that the folder `name` lacks, has beside `files`, or has with other bytes.
pub(crate) fn check(root: &Path, name: &str, files: &Files) -> Result<String, String> {
    let folder = &root.join(name);
    let present = listing(name, folder)?;
    let differs = |name: &&String| files.get(*name) != fs::read(folder.join(name)).ok().as_ref();
    let names: BTreeSet<&String> = files.keys().chain(&present).collect();
    let stale: Vec<_> = names.iter().filter(|name| differs(name)).map(|name| name.as_str()).collect();
    if stale.is_empty() {
        return Ok(format!("{name}: {} files, as they would be made", files.len()));
    }
    Err(format!(
        "{} files of {name} differ from what would be made: {}; run `cargo xtask vectors` and commit the result",
        stale.len(),
        stale.join(", ")
    ))
}

fn total(files: &Files) -> usize {
    files.values().map(Vec::len).sum()
}

/// Every file below `folder`, with `/` between the parts of its name.
fn listing(name: &str, folder: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    walk(folder, "", &mut found).map_err(|error| format!("{name}: {error}"))?;
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.push(name);
        }
    }
    Ok(())
}
