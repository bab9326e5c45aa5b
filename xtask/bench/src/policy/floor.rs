//! The floor: a perfect hash over every known name, a full comparison, a mask a name. No error, no
//! reasons, nothing bound to anything: what no gate can be faster than.

use std::{collections::BTreeMap, hint::black_box};

use super::scenario::{Asked, EXPIRES, NOT_BEFORE, World};

/// What is true of a tool, a scope or a model: all of it must be.
const DECLARED: u8 = 1;
const ALL: u8 = DECLARED | 2;

/// Names with a mask each, found by four of their bytes and their length.
struct Perfect {
    seed: u64,
    shift: u32,
    slots: Vec<(&'static str, u8)>,
}

impl Perfect {
    /// Tries seeds until no two names share a slot.
    fn of(names: &BTreeMap<&'static str, u8>) -> Self {
        let bits = (names.len() * 4).next_power_of_two().ilog2();
        let mut perfect = Self { seed: 1, shift: 64 - bits, slots: Vec::new() };
        for _ in 0..1_000_000 {
            perfect.seed = perfect.seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            perfect.slots = vec![("", 0); 1 << bits];
            let free = |(name, mask): (&&'static str, &u8)| {
                let at = perfect.slot(name);
                let slot = &mut perfect.slots[at];
                slot.0.is_empty().then(|| *slot = (*name, *mask)).is_some()
            };
            if names.iter().all(free) {
                return perfect;
            }
        }
        panic!("no seed tells these names apart");
    }

    fn slot(&self, name: &str) -> usize {
        let bytes = name.as_bytes();
        let (Some(first), Some(last)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) else { return 0 };
        let four = u32::from_le_bytes([first[0], first[1], last[0], last[1]]);
        let middle = u64::from(bytes[bytes.len() / 2]);
        let key = u64::from(four) | middle << 32 | (bytes.len() as u64) << 40;
        (key.wrapping_mul(self.seed) >> self.shift) as usize
    }

    fn mask(&self, name: &str) -> u8 {
        let (known, mask) = self.slots[self.slot(name)];
        if known == name { mask } else { 0 }
    }
}

fn masks(declared: &[&'static str], allowed: impl Fn(&str) -> bool) -> BTreeMap<&'static str, u8> {
    declared.iter().map(|name| (*name, if allowed(name) { ALL } else { DECLARED })).collect()
}

/// What is allowed and not declared stays unknown, which comes to the same.
pub fn contestant(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let sound: Vec<_> = world.declared_tools.iter().copied().filter(|t| !world.drifted_tools.contains(t)).collect();
    let tools = Perfect::of(&masks(&sound, |tool| world.allowed_tools.contains(&tool)));
    let scopes =
        Perfect::of(&masks(&world.declared_scopes, |scope| world.granted_scopes.iter().any(|one| one == scope)));
    let keys: BTreeMap<_, _> =
        world.declared_models.iter().enumerate().map(|(i, (key, _))| (*key, i as u8 + 1)).collect();
    let keys = Perfect::of(&keys);
    let models = world.declared_models.iter().map(|(key, model)| {
        let allowed =
            |model: &str| world.allowed_models.iter().any(|(other, models)| other == key && models.contains(&model));
        Perfect::of(&masks(&[model], allowed))
    });
    let models: Vec<Perfect> = models.collect();
    let (deterministic, asked) = (world.deterministic, asked.clone());
    Box::new(move || {
        let asked = black_box(&asked);
        let good = asked.tools.iter().fold(ALL, |good, tool| good & tools.mask(tool));
        let good = asked.scopes.iter().fold(good, |good, scope| good & scopes.mask(scope));
        let good = asked.models.iter().fold(good, |good, (key, model)| match keys.mask(key) {
            0 => 0,
            index => good & models[usize::from(index) - 1].mask(model),
        });
        good == ALL && deterministic && NOT_BEFORE <= asked.now && asked.now < EXPIRES
    })
}
