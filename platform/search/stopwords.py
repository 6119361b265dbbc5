"""Words that say nothing about what is asked. Japanese ones are Sudachi's normalised forms."""

_japanese = """
為る 有る 居る 成る 事 物 為 様 其れ 此れ 其の 此の 其処 此処 及び 又 等 御 御座る 下さる 頂く 致す 申す 仕舞う
行く 来る 言う 出来る 置く 貰う 呉れる より 或いは 且つ 但し 以下 以上 何 どう どの どれ 何処 何故 何時 誰 どんな
どのような どのように どうして どちら 何か 何処か 誰か 何れ 何方 私 私達 僕 我々 貴方 貴方達 彼 彼女 皆 此方 其方 其れ等
既に 未だ 更に 又 教える 知る 良い 宜しい 方 時 所 場合 的 者 中 内 上 下 前 後 間 又は もし
"""
_english = """
a about after all also am an and any are as at be because been before being but by can can't cannot could did do
does doesn't doing don't for from get getting got had has have having he her here him his how how's i i'd i'll i'm
i've if in into is isn't it it's its just let like may me might must my of on or our out over please s should so
some such t than that that's the their them then there there's these they this those to too under until up us very
want was way we were what what's when where which while who whom why will with would you your
"""
JAPANESE = frozenset(_japanese.split())
ENGLISH = frozenset(_english.split())
