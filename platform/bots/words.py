# ruff: noqa: E501 -- alternatives of a regular expression read best on one line
"""Sentences that are not for a bot: somebody asks for a person, is angry, cancels, threatens with the law.

Rules, in Japanese and English. Phrases that only look like it (代理店の担当者, user agent) are taken out first, then
refusals (人と話す必要はない), then the wish is looked for.
"""

from __future__ import annotations

import re
import unicodedata

WHO = (
    r"(?:(?<![一-龠\d])人(?![事数物材員工気生口格種類件間違])|人間|担当(?:者|の(?:方|人|者))?|オペレータ[ーァ]?|スタッフ|"
    r"係(?:の(?:人|者|方)|員)|有人|サポート(?:の(?:人|方)|担当|センター|窓口|デスク)?|中の人|営業(?:の(?:人|方)|担当)?|"
    r"社員|責任者|上の(?:人|方)|上司|店員|どなたか|誰か|だれか|詳しい(?:人|方)|わかる(?:人|方)|分かる(?:人|方)|窓口|csm)"
)
WISH = (
    r"(?:たい|ください|下さい|ほしい|欲しい|お願い|おねがい|もらえ|いただけ|頂け|くれ|ませんか|できますか|できる[?か]|可能|"
    r"希望|させて|してよ|してもいい|ですか|[いけ]ますか|なら|ないの|せて|して$|出して|だして|いで$|急いで|たのむ|頼[みむ]|て(?:[。!、]|$)|できます|"
    r"ますか|ないと|方法|はどう|いない|いますか|代われ|出せ)"
)
CONTACT = (
    r"(?:話(?!題)|はなし|はなせ|喋|しゃべ|相談|聞[きいけか]|きい[てた]|尋ね|質問|つな[いぐげが]|繋|代わ|替わ|変わ|かわって|かわれ|呼[んびべ]|"
    r"出し|だして|お願い|おねがい|対応|電話|連絡(?!先)|返[事信答]|チャット|やりとり|やり取り|問い?合わせ|回して|取り?次|説明|"
    r"会話|通話|回答|折り?返|教えて|来て|見て(?:もら|ほし|くだ)|希望|切り替え|引き?継|バトン|直接)"
)
ASKS_JA = [re.compile(pattern) for pattern in (
    rf"{WHO}(?:さん|様|さま)?(?:と|に|へ|を|から|が|で|の|は|、|本人|による|レベル)*[^。!?\n]{{0,10}}?{CONTACT}[^。!?\n]{{0,10}}?{WISH}",
    rf"^(?:もう|早く|はやく|やはり|やっぱり|すぐ|至急|今すぐ|とにかく|いいから|ちょっと|あの|すみません|[、,\s])*{WHO}(?:さん|様)?"
    rf"(?:と|に|を|で|へ|の)?(?:話|対応|希望|お願い(?:します|したい)?|おねがい(?:します)?|出して|だして|呼んで|つないで|繋いで|"
    rf"交代|代わって|かわって|チャット|ヘルプ)?(?:です|を)?(?:ください|下さい)?(?:よ|ね)?[。!?\s]*$",
    r"(?:ボット|bot|自動(?:応答|返信)?|機械|ai|ロボット)(?:の(?:回答|返事|返信))?(?:じゃ|では|で?は|なんか|と|には?)[^。\n]{0,12}?"
    r"(?:なく|だめ|ダメ|駄目|無理|嫌|いや|話にならな|結構|もういい|埒|らち|解決しな|限界|わから|分から|話したくな|不要)",
    r"(?:ボット|bot|自動応答|機械|ai|ロボット)(?:以外|抜き)",
    r"(?:電話|通話)(?:で|にて)?[^。\n]{0,6}?(?:話し?(?:たい|せ|がしたい)|相談|対応|問い?合わせ(?:たい|でき)|サポート(?:を受け|して)|説明してほしい|説明して(?:くだ|もら))",
    r"(?:お?電話|折り?返し)(?:を)?(?:いただけ|頂け|ください|下さい|もらえ|ほしい|欲しい|お願い|して(?:ください|ほしい|もらえ|いただけ))",
    r"担当(?:者|の方|の人)?(?:を|に|へ)?(?:お願い|おねがい|頼み|代わって|替わって|つない|繋い|回して)",
    r"(?:お?話し?|会話|相談)(?:が)?(?:の)?できる(?:方|人)",
    r"直接(?:話|会話|相談|やりとり|やり取り|お話)[^。\n]{0,6}?(?:たい|でき|させて|ほしい)",
    r"(?:有人|人間?)(?:の)?(?:対応|サポート|チャット|オペレーター)[^。\n]{0,6}?(?:切り替え|つないで|お願い|希望|して|はあり|ありますか|ほしい|に$|がいい)",
    r"(?:人間|人|生身の人)(?:の方)?(?:が|に|で|から)(?:いい|よい|良い|答えて|対応して|見て|返事)",
    r"(?:誰|だれ)か(?:いますか|いませんか|いないの|助けて|対応して|に(?:聞|相談|代わ|つな)|と話)",
    r"(?:担当者?|オペレーター|スタッフ|人|サポート)(?:さん|の方)?(?:は)?(?:いますか|いませんか|いないの|おられ|いらっしゃいますか)",
)]  # fmt: skip
DECOYS_JA = re.compile(
    r"(?:代理店|取引先|御社以外|他社|先方|顧客|お客様|客先|仕入先|部署|経理|人事|弊社|自社|社内|当社|各|店舗|現場|営業部|前任|後任|銀行|税理士|社労士|業者|配送|工場)(?:側)?の(?:各)?(?:担当(?:者|の方)?|スタッフ|オペレーター|営業|窓口|責任者|社員|人)[^。?!、\n]*"
    r"|(?:担当者?|スタッフ|オペレーター|責任者|社員|窓口)(?:名|欄|id|コード|マスタ[ー]?|番号|別|権限|一覧|登録|情報|データ|用|ごと|毎|全員|画面|アカウント|変更|追加|削除|ページ|リスト)[^。?!\n]*"
    r"|(?:担当者?|スタッフ|オペレーター|責任者|社員|人|人間|他の人|別の人|複数の人|全員)の(?:変更|追加|登録|削除|設定|名前|メール|権限|一覧|編集|割り?当て|招待|予定|勤怠|シフト|有給|電話番号|アドレス|表示|数|入れ替え|引き継ぎ|連絡先|情報|データ|顔|手)[^。?!\n]*"
    r"|(?:担当者?|スタッフ|オペレーター|責任者|社員|別の人|他の人|新しい人|複数の人)を(?:変更|追加|登録|削除|設定|割り?当て|変え|招待|編集|検索|絞|選|入れ|切り替え|増や|減ら|まとめて|一括)[^。?!\n]*"
    r"|(?:担当者?|スタッフ|オペレーター|責任者|社員|他の人|別の人|ほかの人|複数の人|誰か)(?:に|へ|にも|と)(?:も)?(?:だけ)?(?:自動|一斉|まとめて|メール|通知|共有|権限|リマインド|アラート|割り?当て|シフト|画面|データ|ファイル|閲覧|見られ|見せ|表示|公開|編集|請求書|招待)[^。?!\n]*"
    r"|(?:担当者?|スタッフ|オペレーター|社員|営業|サポート|係の人)(?:さん|の方|の人|様)?(?:に|から|と)[^。?!\n]{0,14}?(?:聞いた(?:ら|ところ|の(?:です)?が)|言われ|伺った|うかがった|確認した(?:ところ|ら)|教わった|もらった|届いた|届いて|届か|連絡がありました|連絡が来|電話がありました|話しました|話した(?:ところ|ら|とき)|相談した(?:ところ|ら)|連絡済|説明を受け|教えてもらった|解決しました|お世話に)[^。?!\n]*"
    r"|(?:一|二|三|四|五|\d+|何|数)人[^。?!\n]*|(?:個|法|本|新|求|別|他|証|友|管理|当|名|成|外国|保証|相続|代理|仲|商|軍|主|大|老|美|婦|素|恋|知|犯|他)人(?:に|と|を|の|が)?[^。?!\n]{0,16}?(?:設定|登録|変更|情報|権限|通知|確認|向け|アカウント|番号)"
    r"|サポート(?:チケット|対象|期間|終了|ブラウザ|プラン|os|され|して(?:い(?:る|ます)|ます)|範囲|外|時間)[^。?!\n]*"
    r"|(?:担当者|スタッフ|オペレーター|社員|責任者|人)(?:が|も|は)(?:退職|異動|休|辞め|変わ|代わった|替わった|増え|減|多|少な|不在|複数|承認|入力|操作|編集|登録|見ら|見え|使え|ログイン|表示|勝手)[^。?!\n]*"
    r"|有人(?:店舗|レジ|時間帯の売上)[^。?!\n]*"
    r"|(?:チャット|電話|通話|問い?合わせ)(?:機能|番号|帳|件数|履歴|フォーム|料金|ログ|画面|一覧|設定|窓口の設定)[^。?!\n]*"
)
REFUSALS_JA = re.compile(
    rf"{WHO}(?:さん|の方)?(?:と|に|へ|を|は|の|まで|からの)?[^。!?\n]{{0,14}}?"
    r"(?:必要は?(?:ない|ありません|なさそう)|不要|いりません|いらない|要りません|なくて(?:も)?(?:いい|よい|良い|大丈夫|結構|構)|ずに|なくても|ほどではない|"
    r"たくない|たくありません|は結構です|までもな|ことなく|てほしくない|(?<!つ)ないで)[^。!?\n]*"
    r"|電話(?:は|での連絡は|での対応は)[^。\n]{0,6}?(?:不要|いりません|いらない|結構|しないで|なくて)[^。!?\n]*"
)

HUMAN_EN = (
    r"(?:(?:a |an |the |your |our |my |some |any |real |actual |live |human |support |customer |service |sales |account |success |technical )*"
    r"(?:human(?: being)?|person|someone|somebody|anyone|anybody|agent|representative|rep|operator|staff|support|"
    r"team|manager|supervisor|advisor|specialist|people|csm))\b(?!\s*(?:resources?|error|id|field|name|string|role|permission|page|readable|plan|hours|setting))"
)
ASKS_EN = [re.compile(pattern) for pattern in (
    rf"\b(?:talk|speak|chat|connect|transfer|put|pass|get|reach|contact|hand|escalate|forward|switch|redirect|route|call)(?:ing|ed)?\b"
    rf"(?: me| us| this| it| my case| my question)?(?: over| through| in touch| on)?(?: directly)?(?: to| with| hold of| by| from)?\s+{HUMAN_EN}",
    rf"^(?:please |just |can i (?:get|have) |i (?:want|need|would like|'d like|prefer) |give me |get me |let me have |no[,.]? )*{HUMAN_EN}(?:[, ]*(?:please|now|asap|thanks|thank you|instead|needed|required|help))*[.!?]*$",
    r"\b(?:is|are) there (?:a |an |any |some)?(?:real |live |actual )?(?:human|person|someone|somebody|anyone|agent|staff)\b.{0,30}(?:talk|speak|help|call|chat|there|here|available|ask|contact)?",
    r"\b(?:human|live|real)[ -](?:agent|support|person|help|chat|assistance|operator|being)\b",
    r"\b(?:don'?t|do not|not) want (?:to (?:talk|speak|chat) (?:to|with) )?(?:a |an |the |this )?(?:bot|robot|machine|chatbot|ai)\b",
    r"\b(?:can|could|may|would|will) (?:someone|somebody|anyone|a person|a human|you)(?: please)? (?:call|phone|ring) (?:me|us)\b",
    r"\b(?:can|could|will|would) (?:someone|somebody|anyone|a person|a human)(?: please)? (?:help|answer|contact|assist|look|reply|get back|explain)",
    r"\b(?:i|we)(?:'d| would)? (?:want|need|like|prefer|wish|rather)(?: to)? (?:ask|talk to|speak to|speak with|hear from|deal with|have) (?:a |an |the |your |some )?(?:real |live |actual )?(?:human|person|someone|somebody|agent|representative|operator|staff)",
    r"\b(?:stop|enough|tired|sick)\b.{0,20}\b(?:bot|robot|automated|machine)",
    r"\bhave (?:a |an |the |your |some )?(?:human|person|someone|somebody|agent|representative|rep|operator|manager|team)\b[^.?!]{0,12}\b(?:contact|call|phone|email|reach|help|reply)",
    r"\b(?:someone|somebody|a person|a human|an agent)(?: please)? (?:call|phone|ring|contact|help) (?:me|us)\b",
    r"\bspeak (?:japanese|english)? ?(?:to|with) (?:someone|somebody|a person)",
)]  # fmt: skip
DECOYS_EN = re.compile(
    r"user[ -]agents?\b[^.?!]*|\b(?:install|deploy|update|configure|run|uninstall|start|restart)(?:ing)? (?:the |an? )?(?:\w+ )?agent\b[^.?!]*"
    r"|\b(?:add|remove|invite|delete|assign|create|edit|change|import|export|rename|list|register|deactivate)(?:ing)? (?:a |an |the |new |another |multiple )*(?:person|people|agents?|staff|operators?|team members?|managers?|representatives?|someone|somebody)\b[^.?!]*"
    r"|\bhuman (?:resources?|error|readable)\b[^.?!]*|\bcontact (?:lists?|forms?|fields?|details|page|records?|import|us page)\b[^.?!]*"
    r"|\b(?:insurance|travel|real estate|ai|our|my|monitoring|backup|sales|their|each|all|every|log|build) (?:customers?|users?|clients?|agents?|staff|operators?|team|manager|people|employees)\b[^.?!]*"
    r"|\b(?:talked|spoke|chatted|spoken) (?:to|with)\b[^.?!]*|\b(?:agent|staff|operator|manager|support rep|person|someone)(?: from \w+)? (?:told|said|helped|called|sent|promised|explained|replied)\b[^.?!]*"
    r"|\bsupport (?:for|plan|hours|ticket|policy|page|browser)\b[^.?!]*|\bdo you support\b[^.?!]*|\bdoes it support\b[^.?!]*|\bper person\b[^.?!]*|\bshare (?:\w+ ){0,4}with (?:someone|somebody|people|a person|a colleague)\b[^.?!]*"
    r"|\bpassing (?:data|it|values)\b[^.?!]*|\bcall (?:the |an? )?(?:api|endpoint|function|webhook)\b[^.?!]*"
)
REFUSALS_EN = re.compile(
    r"\b(?:don'?t|do not|didn'?t|no|without|not|never|rather not|needn'?t)(?: really| have)? (?:need(?:ing)?|want(?:ing)?|have to|to|having to|be|talk|speak|talking|speaking|contacting|like)\b[^.?!,]{0,40}"
    r"\b(?:human|person|someone|somebody|agent|representative|rep|operator|staff|support|anyone|team)\b[^.?!,]*"
    r"|\bno (?:human|agent|person|operator|representative)[^.?!,]{0,30}(?:needed|required|necessary)[^.?!]*|\bno need[^.?!,]*"
    r"|\bwithout (?:a |an |any )?(?:human|person|agent|operator|talking|speaking)[^.?!,]*"
)

SERIOUS = {
    "cancel": re.compile(
        r"解約(?!率|予測|防止|分析|リスク|理由の|阻止|抑止|傾向)|退会|契約.{0,6}(?:終了|打ち切|やめ|辞め|破棄)|利用.{0,4}(?:やめ|停止)したい"
        r"|\b(?:cancel|terminate|end) (?:my|our|the|this) (?:subscription|contract|account|plan|service|membership)\b|\bunsubscribe from the service\b"
    ),
    "refund": re.compile(
        r"返金|払い?戻し|お金.{0,4}返|二重請求|過剰請求|\brefunds?\b|\bmoney back\b|\bcharge ?back\b|\bcharged twice\b"
    ),
    "legal": re.compile(
        r"訴え|訴訟|弁護士|法的|裁判|損害賠償|内容証明|消費者(?:センター|庁)|(?:個人)?情報.{0,3}(?:漏|流出)|労基|告訴"
        r"|\b(?:lawyer|attorney|legal action|lawsuit|sue|court|damages|gdpr complaint|data breach)\b"
    ),
    "anger": re.compile(
        r"ふざけ(?:る|ん|て)|いい加減(?:に|な)|最悪|最低(?:です|だ|な対応)|詐欺|許せ(?:ない|ません)|クレーム|話にならな|怒って|激怒|"
        r"(?:何|なん)(?:回|度)(?:も)?(?:同じ|言|い(?:え|っ)|説明|聞)|馬鹿にし|バカにし|舐め|なめてる|使えない(?:な|ボット|です|!|。|$)|信じられない|がっかり|ひどい(?:です|対応|な)|酷い"
        r"|\b(?:unacceptable|furious|ridiculous|terrible|awful|scam|outrageous|worst|disgusting|useless|fed up|angry)\b"
    ),
}
THANKS = re.compile(
    r"^(?:ありがと(?:う|ね)?(?:ござい(?:ます|ました))?|助かりました|助かった|了解(?:です|しました)?|わかりました|分かりました|承知(?:しました)?|thanks?(?: you)?(?: so much| a lot| very much)?|thx|ok(?:ay)?|got it)[!。.〜ー\s]*$"
)
STOPPING = re.compile(
    r"^[「『]?(?:(?:メッセージ|お知らせ|line)?(?:の)?配信(?:を|の)?(?:停止|解除|止め)(?:で)?(?:して|する|希望|お願い(?:します)?|たい|てください|て)?(?:ください|下さい)?|stop|unsubscribe|opt[ -]?out)[」』]?[!。.\s]*$"
)
RESUMING = re.compile(
    r"^[「『]?(?:(?:メッセージ|お知らせ|line)?(?:の)?配信(?:を|の)?再開(?:して|する|希望|お願い(?:します)?)?(?:ください|下さい)?|resume|subscribe)[」』]?[!。.\s]*$"
)
GREETINGS = re.compile(
    r"^(?:こんにちは|こんにちわ|こんばんは|おはよう(?:ございます)?|はじめまして|初めまして|お世話になっております|お世話になります|hello|hi|hey|good (?:morning|afternoon|evening))(?:[,、 ].{0,6})?[!。.〜ー\s]*$"
)

LINKING = re.compile(
    r"^(?:(?:アカウント|id)?(?:の)?(?:連携|紐付け|ひもづけ)(?:したい(?:です)?|する|して|方法|お願い(?:します)?)?|link(?: my)?(?: account)?)[!。.\s]*$"
)


def folded(text: str) -> str:
    """NFKC, lower case, one kind of apostrophe; the first 2,000 characters."""
    return unicodedata.normalize("NFKC", text[:2000]).lower().replace("’", "'").replace("　", " ").strip()


def wants_person(text: str) -> bool:
    """Whether somebody asks to talk to a human being."""
    words = folded(text)
    japanese = REFUSALS_JA.sub(" ", DECOYS_JA.sub(" ", words)).strip()
    if any(pattern.search(japanese) for pattern in ASKS_JA):
        return True
    english = REFUSALS_EN.sub(" ", DECOYS_EN.sub(" ", words)).strip()
    return any(pattern.search(english) for pattern in ASKS_EN)


def serious(text: str) -> str:
    """`legal`, `refund`, `cancel` or `anger`; empty for an ordinary question."""
    words = folded(text)
    return next((kind for kind in ("legal", "refund", "cancel", "anger") if SERIOUS[kind].search(words)), "")


def pleasantry(text: str) -> str:
    """`thanks` or `greeting` when a message is nothing else."""
    words = folded(text)
    return "thanks" if THANKS.match(words) else "greeting" if GREETINGS.match(words) else ""


def wants_link(text: str) -> bool:
    """Whether somebody wants to tie this account to theirs here."""
    return bool(LINKING.match(folded(text)))


def stop_word(text: str) -> str:
    """`stop` or `resume` when a message is nothing but the wish to get no more, or again, what we send out."""
    words = folded(text)
    return "stop" if STOPPING.match(words) else "resume" if RESUMING.match(words) else ""


def language_of(text: str, otherwise: str = "ja") -> str:
    """ja with kana or kanji in it, en with Latin letters only."""
    if re.search(r"[ぁ-ヿ一-鿿々]", text):
        return "ja"
    return "en" if re.search(r"[A-Za-z]{2}", text) else otherwise
