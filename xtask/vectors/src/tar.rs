//! USTAR by hand: headers that may say anything.

const BLOCK: usize = 512;

/// One entry: a header, and what follows it.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) header: [u8; BLOCK],
    pub(crate) content: Vec<u8>,
}

/// Where the fields of a header stand.
pub(crate) const MODE: usize = 100;
pub(crate) const SIZE: usize = 124;
pub(crate) const CHECKSUM: usize = 148;
pub(crate) const TYPE: usize = 156;
pub(crate) const MAGIC: usize = 257;
pub(crate) const PREFIX: usize = 345;

impl Member {
    /// A regular file as a pack has it, whatever its name is.
    pub(crate) fn named(name: &[u8], content: &[u8]) -> Self {
        let mut member = Self { header: [0; BLOCK], content: content.to_vec() };
        member.put(0, name);
        for (at, value) in
            [(MODE, "0000644"), (108, "0000000"), (116, "0000000"), (136, "00000000000"), (TYPE, "0"), (MAGIC, "ustar")]
        {
            member.put(at, value.as_bytes());
        }
        for (at, value) in [(263, "00"), (329, "0000000"), (337, "0000000")] {
            member.put(at, value.as_bytes());
        }
        member.put(SIZE, format!("{:011o}", content.len()).as_bytes());
        member.sum();
        member
    }

    pub(crate) fn file(name: &str, content: &[u8]) -> Self {
        Self::named(name.as_bytes(), content)
    }

    /// With `value` at this place of the header, which is summed again.
    pub(crate) fn with(mut self, at: usize, value: &[u8]) -> Self {
        self.put(at, value);
        self.sum();
        self
    }

    /// With `value` at this place of the header, and the old sum.
    pub(crate) fn spoilt(mut self, at: usize, value: &[u8]) -> Self {
        self.put(at, value);
        self
    }

    /// The path as any reader puts it together.
    pub(crate) fn path(&self) -> Vec<u8> {
        let text = |field: &[u8]| field.iter().copied().take_while(|byte| *byte != 0).collect::<Vec<_>>();
        let (name, prefix) = (text(&self.header[..100]), text(&self.header[PREFIX..PREFIX + 155]));
        if prefix.is_empty() { name } else { [prefix, name].join(&b'/') }
    }

    fn put(&mut self, at: usize, value: &[u8]) {
        self.header[at..at + value.len()].copy_from_slice(value);
    }

    fn sum(&mut self) {
        self.put(CHECKSUM, b"        ");
        let sum: u32 = self.header.iter().map(|byte| u32::from(*byte)).sum();
        self.put(CHECKSUM, format!("{sum:06o}\0 ").as_bytes());
    }
}

/// Entries with their padding, without an end.
pub(crate) fn entries(members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for member in members {
        bytes.extend_from_slice(&member.header);
        bytes.extend_from_slice(&member.content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes
}

/// An archive of these entries, in this order.
pub(crate) fn archive(members: &[Member]) -> Vec<u8> {
    [entries(members), end()].concat()
}

/// An archive of these entries, sorted by their paths.
pub(crate) fn sorted(mut members: Vec<Member>) -> Vec<u8> {
    members.sort_by_key(Member::path);
    archive(&members)
}

/// What closes an archive.
pub(crate) fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}
