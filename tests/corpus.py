"""Six scripts and a toy task, written for the tests."""

from __future__ import annotations

import hashlib
from typing import Any

TOY_LANGUAGES = ("en", "ru", "zh")


SENTENCES = {
    "en": (
        "the kettle is still warm",
        "we missed the last ferry home",
        "a red kite hangs over the harbour",
        "my grandmother keeps bees behind the school",
        "nobody counted the chairs twice",
        "please close the window before it rains",
        "the library opens at nine on Mondays",
        "two goats followed the postman uphill",
        "her violin needs a new string",
        "this soup wants a little more salt",
    ),
    "ru": (
        "чайник ещё тёплый",
        "мы опоздали на последний паром",
        "красный змей висит над гаванью",
        "бабушка держит пчёл за школой",
        "никто не пересчитал стулья",
        "закрой окно пока не пошёл дождь",
        "библиотека открывается в девять",
        "две козы шли за почтальоном",
        "скрипке нужна новая струна",
        "в супе мало соли",
    ),
    "ar": (
        "الإبريق ما زال دافئا",
        "فاتتنا آخر عبارة إلى البيت",
        "طائرة ورقية حمراء فوق الميناء",
        "جدتي تربي النحل خلف المدرسة",
        "لم يعد أحد الكراسي مرتين",
        "أغلق النافذة قبل المطر",
        "تفتح المكتبة في التاسعة",
        "تبعت عنزتان ساعي البريد",
        "كمانها يحتاج إلى وتر جديد",
        "ينقص الحساء قليل من الملح",
    ),
    "zh": (
        "水壶还是热的",
        "我们错过了最后一班渡船",
        "红色的风筝挂在港口上空",
        "奶奶在学校后面养蜜蜂",
        "没有人数过椅子",
        "下雨之前请关上窗户",
        "图书馆星期一九点开门",
        "两只山羊跟着邮递员上山",
        "她的小提琴要换一根弦",
        "汤里还要加一点盐",
    ),
    "hi": (
        "केतली अब भी गरम है",
        "हमारी आखिरी नाव छूट गई",
        "लाल पतंग बंदरगाह के ऊपर है",
        "दादी स्कूल के पीछे मधुमक्खियाँ पालती हैं",
        "किसी ने कुर्सियाँ नहीं गिनीं",
        "बारिश से पहले खिड़की बंद करो",
        "पुस्तकालय नौ बजे खुलता है",
        "दो बकरियाँ डाकिये के पीछे चलीं",
        "उसके वायलिन को नया तार चाहिए",
        "दाल में थोड़ा नमक कम है",
    ),
    "th": (
        "กาน้ำยังอุ่นอยู่",
        "เราพลาดเรือเที่ยวสุดท้าย",
        "ว่าวสีแดงลอยเหนือท่าเรือ",
        "ยายเลี้ยงผึ้งหลังโรงเรียน",
        "ไม่มีใครนับเก้าอี้",
        "ปิดหน้าต่างก่อนฝนตก",
        "ห้องสมุดเปิดเก้าโมง",
        "แพะสองตัวเดินตามบุรุษไปรษณีย์",
        "ไวโอลินของเธอต้องเปลี่ยนสาย",
        "แกงนี้ขาดเกลือนิดหน่อย",
    ),
}
"""Ten sentences in each of six scripts: Latin, Cyrillic, Arabic, Han, Devanagari, Thai."""

ASCII = "".join(chr(code) for code in range(33, 127))
LOOSE = ASCII + "".join(chr(ord(character) + 0xFEE0) for character in ASCII)
"""Characters that every vocabulary shall have, whatever the sentences hold: ASCII, and the same in full width."""

TOPICS = {"food": ("pizza", "sushi", "taco", "kebab"), "travel": ("taxi", "hotel", "metro", "visa")}
"""The toy task: which kind of loanword a sentence holds. The words are the same in every language, so it transfers."""


def lines() -> list[str]:
    texts = [line for part in SENTENCES.values() for line in part]
    characters = sorted({*LOOSE, *"".join(texts)} - {" "})
    inside = [f"a{character}" for character in characters]  # WordPiece knows a letter within a word as another piece.
    return texts + [word for topic in TOPICS.values() for word in topic] * 3 + characters + inside


def toy_rows(language: str, split: str) -> list[dict[str, Any]]:
    """Sentences with one loanword each; ids are the same in every language, groups hold two rows."""
    start, stop = {"train": (0, 6), "dev": (6, 8), "test": (8, 10)}[split]
    rows = []
    for topic, words in TOPICS.items():
        for number, word in enumerate(words):
            for place in range(start, stop):
                sentence = SENTENCES[language][place]
                rows.append(
                    {
                        "text": f"{sentence} {word}" if place % 2 else f"{word} {sentence}",
                        "label": topic,
                        "id": f"{split}-{topic}-{number}-{place}",
                        "group": f"{split}-{topic}-{number}-{place // 2}",
                    }
                )
    # A fixed order that is not sorted by label.
    return sorted(rows, key=lambda row: hashlib.sha256(str(row["id"]).encode()).digest())
