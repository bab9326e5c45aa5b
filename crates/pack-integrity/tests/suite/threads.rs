//! The thread that digests long archives: there when it pays, and never left behind.

use std::{
    fs, io,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use reach_pack_integrity::{ArchivePath, ArchiveReader, ArchiveWriter, digest_archive, inspect_archive};
use reach_types::Code;

/// How many threads of this process compute digests. (One test, one process: nobody else starts any.)
fn digesting() -> usize {
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).unwrap_or_default();
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks.flatten().map(name).filter(|name| name.trim() == "pack-digests").count()
}

/// How many are left. The kernel wakes who joins a thread a moment before it takes the thread out of
/// its list, so the ended one may still be seen: it gets ten seconds to go, one left behind stays.
fn left() -> usize {
    for _ in 0..1000 {
        if digesting() == 0 {
            return 0;
        }
        thread::sleep(Duration::from_millis(10));
    }
    digesting()
}

/// What an input does when its bytes are at an end.
#[derive(Clone, Copy)]
enum End {
    Ends,
    Fails,
    Panics,
}

/// An archive's bytes, and the most threads seen while they were read.
struct Input<'a> {
    bytes: &'a [u8],
    end: End,
    threads: &'a mut usize,
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        *self.threads = digesting().max(*self.threads);
        match self.bytes.read(buffer)? {
            0 => match self.end {
                End::Ends => Ok(0),
                End::Fails => Err(io::ErrorKind::TimedOut.into()),
                End::Panics => panic!("the input panics"),
            },
            read => Ok(read),
        }
    }
}

fn archive(size: usize) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Vec::new());
    let content = vec![1; size];
    writer.append(&ArchivePath::parse("a").unwrap(), false, size as u64, &mut &content[..]).unwrap();
    writer.append(&ArchivePath::parse("b").unwrap(), false, 0, &mut &b""[..]).unwrap();
    writer.finish().unwrap()
}

/// How inspecting ends, and how many threads there were meanwhile.
fn inspect(bytes: &[u8], end: End) -> (&'static str, usize) {
    let mut threads = 0;
    let input = Input { bytes, end, threads: &mut threads };
    let ended = catch_unwind(AssertUnwindSafe(|| inspect_archive(input).map_or_else(|error| error.code(), |_| "ok")));
    (ended.unwrap_or("panicked"), threads)
}

#[test]
#[cfg(target_os = "linux")]
fn a_thread_never_outlives_the_archive() {
    let (short, long) = (archive(900 << 10), archive(20 << 20));
    let mut no_header = long.clone();
    no_header[0] = 0;
    let mut late = long.clone();
    let second = long.len() - 3 * 512;
    late[second] = b'/';
    for (name, bytes, end, ends) in [
        ("short", &short[..], End::Ends, ("pack.no_manifest", 0)),
        ("long", &long, End::Ends, ("pack.no_manifest", 1)),
        ("refused at its first header", &no_header, End::Ends, ("pack.non_canonical", 0)),
        ("refused at its last header", &late, End::Ends, ("pack.non_canonical", 1)),
        ("cut off", &long[..10 << 20], End::Ends, ("pack.trailing_data", 1)),
        ("fails at once", &[], End::Fails, ("pack.read_failed", 0)),
        ("fails midway", &long[..10 << 20], End::Fails, ("pack.read_failed", 1)),
        ("panics midway", &long[..10 << 20], End::Panics, ("panicked", 1)),
    ] {
        assert_eq!(inspect(bytes, end), ends, "{name}");
        assert_eq!(left(), 0, "{name}");
    }

    let mut reader = ArchiveReader::new(&long[..]);
    reader.next_entry().unwrap();
    // Half of it, far more than there are pieces: the thread has run by then, and has its name.
    for _ in 0..160 {
        reader.next_chunk().unwrap();
    }
    assert_eq!(digesting(), 1);
    drop(reader);
    assert_eq!(left(), 0);

    let mut threads = 0;
    let failing = Input { bytes: &long[..5 << 20], end: End::Fails, threads: &mut threads };
    assert_eq!(digest_archive(failing).unwrap_err().code(), "pack.read_failed");
    assert_eq!((threads, left()), (1, 0));
}
