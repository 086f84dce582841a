//! Chance that falls the same way every time: a demonstration is the same on every machine.

/// SplitMix64, from a fixed seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = most.abs_diff(least).saturating_add(1);
        let step = i64::try_from(self.next() % width.max(1)).unwrap_or(0);
        least.saturating_add(step)
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: i64) -> bool {
        self.between(1, 100) <= share
    }

    /// One of these.
    pub fn one<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        let last = i64::try_from(from.len()).unwrap_or(0).checked_sub(1)?;
        from.get(usize::try_from(self.between(0, last)).unwrap_or(0))
    }

    /// One of these words; nothing where there is none.
    pub fn word<'t>(&mut self, from: &[&'t str]) -> &'t str {
        self.one(from).copied().unwrap_or_default()
    }

    /// One of these, each as often as its weight says.
    pub fn weighed<T: Copy>(&mut self, from: &[(T, i64)]) -> Option<T> {
        let total: i64 = from.iter().map(|(_, weight)| weight).sum();
        let mut left = self.between(1, total.max(1));
        from.iter()
            .find(|(_, weight)| {
                left -= weight;
                left <= 0
            })
            .map(|(choice, _)| *choice)
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_same_seed_gives_the_same_chance_and_stays_within_its_bounds() {
        let (mut one, mut two) = (Chance::new(7), Chance::new(7));
        for _ in 0..1000 {
            let drawn = one.between(-3, 9);
            assert_eq!(drawn, two.between(-3, 9));
            assert!((-3..=9).contains(&drawn));
        }
        assert_eq!(one.weighed(&[("never", 0), ("always", 5)]), Some("always"));
        assert_eq!(one.word(&[]), "");
    }
}
