"""Sentences that ask for a person, and decoys that only look like it. Written for this test."""

ASKING = """
人と話したいです
人と話せますか
人間と話したい
担当者につないでください
担当者と話したいのですが
担当の方をお願いします
担当者をお願いします
担当者に代わってください
オペレーターにつないで
オペレーターと話したい
オペレーターお願いします
オペレーター希望
オペレーター
担当者
有人対応をお願いします
有人チャットに切り替えてください
スタッフの方と直接話せますか
スタッフに聞きたいです
人に聞きたいです
近いですが、直し方がわかりません。人に聞きたいです。
サポートの人と話をさせてください
サポートの方に電話したいです
サポート担当に相談したい
電話で相談したいです
電話で話せますか
電話をください
折り返しお電話いただけますか
誰かと話したい
誰かいますか
どなたか対応してもらえますか
ボットじゃなくて人をお願いします
ボットではなく担当者と話したい
ボットでは解決しないので人間の方お願いします
ボットじゃダメです
機械じゃ話にならない
AIではなく人に答えてほしい
自動応答はもういいです、人を出してください
もういい、人を出して
いいから担当者を出してください
早く人間に代わって
営業の方と話したいです
うちの担当の方に連絡したいのですが
CSMに相談したいです
責任者を出してください
上の人と話をさせて
詳しい方に説明してほしいです
直接お話しできますか
直接話したいのですが可能ですか
係の人を呼んでください
すみません、担当者さんとお話しできますでしょうか
契約の件で担当者に相談させてください
担当者から連絡をもらえますか
担当者からお電話いただけますか
人の対応に切り替えて
人が対応してくれますか
生身の人に見てほしい
人間のサポートお願いします
やっぱり人に聞きたい
わかる人に代わってください
だれか助けて
代理店の担当者ではなく、御社の人と話したいです
さっきの説明ではわからないので、担当者に繋いでもらえませんか
設定がうまくいかないので、サポートセンターの人に直接聞きたいです
オペレーターさんはいますか
チャットじゃなくて電話で説明してほしい
有人のサポートはありますか
ひとまず人間にお願いしたい
I want to talk to a human
Can I speak to someone?
Can I talk to a real person please
Please connect me to an agent
agent please
Agent
human please
Human!
I need a human
Let me speak with a representative
Transfer me to a live agent
Put me through to support please
I'd like to speak with your support team
Is there anyone I can talk to?
Is there a real person there?
Could someone call me?
Can someone help me, not a bot
I don't want to talk to a bot
Stop the bot, I want a person
Get me a manager
Can I chat with a human being?
How do I reach a human agent?
I would like to ask a person
talk to agent
speak to a representative now
Please escalate this to a human
Could you hand me over to someone on your team?
I prefer to speak with somebody directly
live agent
Connect me with our account manager
Can you call me?
real person please
operator
人とお話がしたいのですが
オペレータに繋げてください
担当の人に電話してほしい
お客様窓口の人と話をさせてください
有人チャットありますか
スタッフさんに質問したいです
AIじゃなく人間と会話したい
もうボットはいいので担当お願いします
サポートに電話したい
誰かに相談したいです
人に代わってもらえますか
折り返し電話ください
担当者呼んで
I need to speak with a customer service representative
can I get a human on the line
let me talk to someone from your company
please have an agent contact me
I want human support
Is a live person available?
someone please call me back
人に直接聞けますか
オペレーター対応希望です
担当者の方に折り返してほしいです
誰でもいいので人間を出してください
ボットと話したくない
サポート窓口に電話で問い合わせたいです
お話しできる方はいますか
担当に代わってください
わかる方にお願いしたいです
このまま解決しないので、スタッフの方に見てもらえますか
I'd rather talk to a human.
Can you transfer me to your support team?
Need to talk to someone urgently
Let me talk to your supervisor
get me a real human
""".strip().splitlines()  # noqa: SIM905

NOT_ASKING = """
代理店の担当者を追加したい
代理店の担当者に権限を渡す方法を教えてください
担当者の変更方法を教えてください
担当者を変更したい
担当者名の表示がおかしいです
担当者に通知が届きません
担当者にメールを自動で送りたい
取引先の担当者と連絡を取る画面はどこですか
顧客の担当者を一括で登録できますか
担当者マスタの取り込み方法
人と話す必要はありません
人に聞かなくても分かる手順がほしい
担当者につながなくていいです
担当者への連絡は不要です
電話は不要です
オペレーター権限の設定方法
オペレーターを追加したい
スタッフの勤怠を修正したい
スタッフにシフトを共有したい
スタッフ全員にお知らせを送りたい
社員の有給の残日数が合いません
人事異動の登録方法
個人情報の変更をしたい
法人番号を登録したい
本人確認の方法を教えて
3人だけ有給が多いです
人数を増やしたい
他の人に共有する方法はありますか
別の人に権限を移したい
誰かに編集されたか履歴を見たい
サポート対象のブラウザを教えてください
Safariはサポートしていますか
サポート期間はいつまでですか
電話番号を変更したい
電話番号の登録方法
チャット機能の使い方
問い合わせフォームの設定方法
問い合わせ件数をグラフで見たい
営業部の担当者を絞り込みたい
先日担当者に聞いたら、設定で直ると言われました。どこですか
サポートの方から連絡がありました。ありがとうございます
請求書の宛名を変えたい
パスワードを忘れました
ログインできません
解約率のレポートを見たい
CSVの取り込みでエラーになります
エージェントのインストール方法を教えてください
ユーザーエージェントの確認方法
人気の記事を見たい
新人研修の資料はありますか
管理人の設定を変えたい
経理の担当者に請求書を送る設定
ボットの設定方法を教えて
ボットを停止したい
自動応答の文章を変えたい
勤怠の打刻を修正する方法
How do I add a person to my team?
How do I install the agent on Linux?
What is the user agent string?
I don't need to talk to a human
No need to connect me to an agent
Can I fix this without talking to support?
How do I assign an agent to a ticket?
Do you support SSO?
Which browsers do you support?
How do I import a contact list?
How do I change the human resources settings?
How can I delete a staff member?
I already talked to your agent yesterday, where is the export button?
Your agent told me to reset the password. How?
How many people can use the plan?
What is the price per person?
How do I invite people to a workspace?
Call the API with a token
How can our customers contact our agents?
Where do I find the contact form settings?
Reset my password
How to export invoices as CSV
Can I share a report with someone outside?
Is there an API for support tickets?
The travel agent field is missing
What are your support hours?
担当者ごとの売上を出したい
担当者が退職した場合の引き継ぎ手順を教えてください
スタッフアカウントの停止方法
人別の集計表はありますか
オペレーターの画面が真っ白になります
お客様の担当者に招待メールを再送したい
電話認証ができません
サポートチケットの書き出し方法
担当者を空欄にできますか
社員に給与明細を配布したい
人が多い部署の承認フローはどうすればいいですか
係の名前を変えたい
How do I set an agent's working hours?
Where can I see the staff list?
Can a manager approve leave on mobile?
How does the support rotation work?
Add someone to the approval flow
Is there a limit on agents?
Which person approved this?
Why can't my staff log in?
担当者を自動で割り当てるルールはありますか
申請を承認する人を増やしたい
スタッフが打刻できません
人名の並び順を五十音にしたい
担当者のメールアドレスを一括変更したい
オペレーター用の画面を英語にできますか
問い合わせ履歴を書き出したい
取引先の担当者にメールを送りたい
人と話さずに設定だけで直せますか
他社の担当者を招待できますか
Can I export a list of agents?
Where are human resources reports?
How do I remove someone from the group?
Does the agent need a license?
Can my team see the calendar?
""".strip().splitlines()  # noqa: SIM905
