//! Any bytes end in an error or in files; an archive that is accepted is what its files are written as.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_pack_integrity::{ArchiveError, ArchiveReader, ArchiveWriter, Entry};

/// Field `checksum` of a header, made right: few inputs would come past it otherwise.
fn sum_again(bytes: &mut [u8]) {
    for header in bytes.chunks_exact_mut(512).filter(|block| block[257..].starts_with(b"ustar")) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

fn read(bytes: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>, ArchiveError> {
    let (mut reader, mut files) = (ArchiveReader::new(bytes), Vec::new());
    while let Some(entry) = reader.next_entry()? {
        let mut content = Vec::new();
        while let Some(chunk) = reader.next_chunk()? {
            content.extend_from_slice(chunk);
        }
        files.push((entry, content));
    }
    Ok(files)
}

fuzz_target!(|input: &[u8]| {
    let Some((mode, bytes)) = input.split_first() else { return };
    let mut bytes = bytes.to_vec();
    if mode % 2 == 1 {
        sum_again(&mut bytes);
    }
    let Ok(files) = read(&bytes) else { return };
    let mut writer = ArchiveWriter::new(Vec::new());
    for (entry, content) in &files {
        assert_eq!(entry.size(), content.len() as u64);
        writer.append(entry.path(), entry.executable(), entry.size(), &mut &content[..]).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), bytes);
});
