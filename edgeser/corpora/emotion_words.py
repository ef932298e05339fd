# ruff: noqa: RUF001 - Turkish has an i without a dot
"""What emotions are called: in English, and in nine languages in which corpora are labelled.

Words stand as a dictionary has them; `edgeser.corpora.emotions` drops accents and case before it
compares. Spaces inside a word are written as ``_``. Urdu and Mandarin stand in their own script
and in Latin letters.
"""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "anger": "ang angry furious fury rage",
    "boredom": "bored boring",
    "calm": "calmness",
    "contempt": "contemptuous",
    "disgust": "disgusted",
    "excitement": "excited enthusiasm enthusiastic",
    "fear": "anxiety anxious fearful scared afraid",
    "frustration": "frustrated",
    "happiness": "happy joy joyful",
    "neutral": "neutrality",
    "sadness": "sad",
    "surprise": "amazed astonished pleasant_surprise pleasant_surprised surprised",
}
"""English words other than the canonical nouns, by noun."""

WORDS: dict[str, dict[str, str]] = {
    "German": {
        "anger": "Ärger Aerger ärgerlich aergerlich verärgert veraergert Wut wütend wuetend Zorn "
        "zornig",
        "boredom": "Langeweile gelangweilt",
        "calm": "Ruhe ruhig Gelassenheit gelassen",
        "contempt": "Verachtung verächtlich veraechtlich",
        "disgust": "Ekel angeekelt angewidert Abscheu",
        "excitement": "Aufregung aufgeregt Begeisterung begeistert",
        "fear": "Angst ängstlich aengstlich Furcht furchtsam",
        "frustration": "Frust frustriert",
        "happiness": "Freude freudig fröhlich froehlich Fröhlichkeit Glück Glueck glücklich "
        "gluecklich",
        "neutral": "Neutralität neutrale",
        "sadness": "Trauer traurig Traurigkeit",
        "surprise": "Überraschung Ueberraschung überrascht ueberrascht Erstaunen erstaunt",
    },
    "Spanish": {
        "anger": "ira enojo enojado enojada enfado enfadado enfadada rabia furia furioso furiosa "
        "cólera",
        "boredom": "aburrimiento aburrido aburrida",
        "calm": "calma calmado calmada tranquilidad tranquilo tranquila",
        "contempt": "desprecio",
        "disgust": "asco asqueado asqueada repugnancia disgusto",
        "excitement": "entusiasmo",
        "fear": "miedo temor asustado asustada",
        "frustration": "frustración frustrado frustrada",
        "happiness": "alegría alegre felicidad feliz contento contenta",
        "neutral": "neutro neutra neutralidad",
        "sadness": "tristeza triste",
        "surprise": "sorpresa sorprendido sorprendida",
    },
    "French": {
        "anger": "colère fâché fâchée énervé énervée furieux furieuse rage",
        "boredom": "ennui",
        "calm": "calme",
        "contempt": "mépris",
        "disgust": "dégoût dégoûté dégoûtée",
        "excitement": "excitation enthousiasme",
        "fear": "peur apeuré apeurée effrayé effrayée",
        "frustration": "frustré frustrée",
        "happiness": "joie joyeux joyeuse heureux heureuse bonheur",
        "neutral": "neutre neutralité",
        "sadness": "tristesse triste",
        "surprise": "surpris étonnement étonné étonnée",
    },
    "Italian": {
        "anger": "rabbia arrabbiato arrabbiata ira collera furia furioso furiosa",
        "boredom": "noia annoiato annoiata",
        "calm": "calma calmo",
        "contempt": "disprezzo",
        "disgust": "disgusto disgustato disgustata schifo",
        "excitement": "eccitazione entusiasmo",
        "fear": "paura impaurito impaurita spavento spaventato spaventata timore",
        "frustration": "frustrazione frustrato frustrata",
        "happiness": "gioia gioioso gioiosa felicità felice allegria allegro allegra contento "
        "contenta",
        "neutral": "neutro neutra neutrale neutralità",
        "sadness": "tristezza triste",
        "surprise": "sorpresa sorpreso stupore",
    },
    "Portuguese": {
        "anger": "raiva ira zanga zangado zangada cólera fúria furioso furiosa",
        "boredom": "tédio entediado entediada",
        "calm": "calma calmo",
        "contempt": "desprezo",
        "disgust": "nojo repulsa repugnância enojado enojada aversão asco",
        "excitement": "entusiasmo",
        "fear": "medo temor assustado assustada",
        "frustration": "frustração frustrado frustrada",
        "happiness": "alegria alegre felicidade feliz contente",
        "neutral": "neutro neutra neutralidade",
        "sadness": "tristeza triste",
        "surprise": "surpresa surpreso surpreendido surpreendida",
    },
    "Polish": {
        "anger": "złość zły zła gniew wściekłość wściekły wściekła",
        "boredom": "nuda znudzony znudzona znudzenie",
        "calm": "spokój spokojny spokojna",
        "contempt": "pogarda",
        "disgust": "wstręt obrzydzenie odraza",
        "excitement": "ekscytacja podekscytowanie podekscytowany podekscytowana",
        "fear": "strach lęk przestraszony przestraszona przerażenie przerażony przerażona",
        "frustration": "frustracja",
        "happiness": "radość radosny radosna szczęście szczęśliwy szczęśliwa wesoły wesoła",
        "neutral": "neutralny neutralna neutralne neutralność",
        "sadness": "smutek smutny smutna",
        "surprise": "zaskoczenie zaskoczony zaskoczona zdziwienie zdziwiony zdziwiona",
    },
    "Turkish": {
        "anger": "öfke öfkeli kızgın kızgınlık sinirli sinir hiddet",
        "boredom": "sıkıntı sıkılmış can_sıkıntısı",
        "calm": "sakin sakinlik",
        "contempt": "küçümseme aşağılama",
        "disgust": "iğrenme tiksinti tiksinme",
        "excitement": "heyecan heyecanlı",
        "fear": "korku korkmuş korkulu",
        "happiness": "mutlu mutluluk sevinç sevinçli neşe neşeli",
        "neutral": "nötr tarafsız",
        "sadness": "üzgün üzüntü üzüntülü hüzün hüzünlü mutsuz mutsuzluk keder",
        "surprise": "şaşkın şaşkınlık şaşırma şaşırmış sürpriz hayret",
    },
    "Mandarin": {
        "anger": "shengqi fennu 生气 生氣 愤怒 憤怒",
        "boredom": "wuliao 无聊 無聊",
        "calm": "pingjing 平静 平靜",
        "contempt": "qingmie bishi miaoshi 轻蔑 輕蔑 鄙视 鄙視 蔑视 蔑視",
        "disgust": "yanwu exin 厌恶 厭惡 恶心 噁心",
        "excitement": "xingfen jidong 兴奋 興奮 激动 激動",
        "fear": "kongju haipa jingkong 恐惧 恐懼 害怕 惊恐 驚恐",
        "happiness": "gaoxing kuaile kaixin xiyue xingfu 高兴 高興 快乐 快樂 开心 開心 喜悦 幸福",
        "neutral": "zhongxing zhongli 中性 中立",
        "sadness": "beishang shangxin nanguo youshang beiai 悲伤 悲傷 伤心 傷心 难过 難過 悲哀",
        "surprise": "jingya jingqi jingxi chijing 惊讶 驚訝 惊奇 驚奇 惊喜 驚喜 吃惊 吃驚",
    },
    "Urdu": {
        "anger": "ghussa gussa ghusa gusa غصہ غصه",
        "boredom": "boriyat بوریت",
        "calm": "sukoon sukun سکون",
        "contempt": "hiqarat haqarat حقارت",
        "disgust": "karahat kirahat ghin کراہت گھن",
        "fear": "khauf khawf khof dar خوف ڈر",
        "happiness": "khushi khush خوشی خوش",
        "neutral": "ghair_janibdar غیر_جانبدار",
        "sadness": "udasi udaasi udaas gham ghamgeen اداسی اداس غم غمگین",
        "surprise": "hairat hayrat hairani حیرت حیرانی",
    },
}
"""Words by language and canonical noun."""

UNCLEAR: dict[str, tuple[tuple[str, str], ...]] = {
    "desgosto": (("sadness", "Portuguese"), ("disgust", "labels of Portuguese corpora")),
    "disgustado": (("anger", "Spanish"), ("disgust", "translations from English")),
    "disgustada": (("anger", "Spanish"), ("disgust", "translations from English")),
    "aborrecido": (("anger", "Portuguese"), ("boredom", "Portuguese and Spanish")),
    "aborrecida": (("anger", "Portuguese"), ("boredom", "Portuguese and Spanish")),
    "content": (("calm", "English"), ("happiness", "French")),
    "chagrin": (("sadness", "French"), ("frustration", "English")),
    "nafrat": (("disgust", "Urdu"), ("contempt", "Urdu")),
    "نفرت": (("disgust", "Urdu"), ("contempt", "Urdu")),
}
"""Words that are refused, with what they mean where: ``(noun, who says so)``."""
