"""Questions of every day, about nothing that a company helps with: a site's confidence learns silence from them."""

_ja = """
明日の天気はどうですか
カレーの作り方を教えて
一番近いコンビニはどこ
富士山の高さは何メートル
犬の散歩は一日何回がいい
おすすめの映画を教えて
今年の夏休みはいつから
腰が痛いときのストレッチ
東京から大阪まで新幹線で何時間
猫がごはんを食べない
ワールドカップの優勝国
誕生日プレゼントは何がいい
風邪をひいたときの食べ物
桜の見頃はいつ
日本の首相は誰
ギターの弦の張り替え方
卵のゆで時間
ダイエットに効く運動
赤ちゃんの夜泣き対策
為替レートは今いくら
カラオケで人気の曲
庭の雑草の抜き方
英語で自己紹介するには
月までの距離
ラーメン屋の営業時間
"""
_en = """
what is the weather tomorrow
how do I cook rice
who won the world cup
how tall is mount everest
tell me a joke
best movies of this year
how many calories are in an apple
my dog does not eat
how far is the moon
play some jazz music
when does summer start
what is the capital of peru
how to tune a guitar
stretches for back pain
what time is it in london
gift ideas for my mother
how do I remove a wine stain
is there a pharmacy nearby
how long to boil an egg
what does serendipity mean
set an alarm for seven
who wrote hamlet
how to grow tomatoes
train from paris to rome
what is the meaning of life
"""
STRANGERS = {"ja": tuple(_ja.strip().splitlines()), "en": tuple(_en.strip().splitlines())}
