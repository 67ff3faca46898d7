"""The companion's phrases in Spanish, French, German, Italian and Portuguese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syrinx.engines.llm.companion_script.phrases import Phrases

_MODEL = r"ollama|open ?router|open ?ai|chat ?gpt|\bllm\b"

EUROPEAN: Final[Mapping[str, Phrases]] = {
    "es": Phrases(
        asked=(
            ("crisis", r"matarme|suicid|quitarme la vida|quiero morir"),
            ("goodbye", r"^(?:adi[oó]s|hasta (?:luego|pronto|mañana)|buenas noches|chao)\b"),
            ("how_to", rf"modelo de lenguaje|{_MODEL}|\b(?:añad|agreg|configur|instal)\w*"),
            ("who", r"qui[eé]n eres|c[oó]mo te llamas|tu nombre|qu[eé] (?:eres|puedes|sabes)|eres (?:un|una|real)"),
            ("repeat", r"\brep[ií]te|qu[eé] has dicho|qu[eé] dijiste|otra vez"),
            ("time", r"qu[eé] hora|la hora"),
            ("thanks", r"\bgracias\b"),
            ("greeting", r"^(?:hola|buen(?:os|as)? (?:d[ií]as?|tardes))\b"),
        ),
        greeting="Hola, me alegra oírte. ¿De qué quieres hablar?",
        notice=(
            "Para que lo sepas: aquí todavía no hay ningún modelo de lenguaje, así que solo soy un pequeño guion. "
            "Pregúntame cómo añadir uno cuando quieras."
        ),
        how_to=(
            "Con mucho gusto. Ahora mismo no hay ningún modelo de lenguaje configurado. Puedes descargar uno pequeño "
            "en la vista Sistema, o con la orden syrinx models pull qwen2.5-0.5b: tus palabras se quedan aquí. "
            "También puedes instalar Ollama en esta máquina y descargar un modelo. O puedes definir "
            "OPENROUTER_API_KEY u OPENAI_API_KEY y reiniciar Syrinx: entonces tus palabras van a ese servicio. O "
            "indica la dirección de otro servidor en los ajustes."
        ),
        who="Soy {name}, por ahora solo un guion y no una persona. Sé decir la hora y sé escuchar.",
        time="Según el reloj de esta máquina, son las {time}.",
        repeat="He dicho: {said}",
        nothing_said="Todavía no he dicho nada. Pero te oigo.",
        thanks="De nada. ¿Hay algo más?",
        goodbye="Hasta pronto, ha sido un gusto escucharte.",
        crisis=(
            "Gracias por decirlo, y por favor no te quedes a solas con ello. Solo soy un guion y no puedo "
            "ayudarte como lo necesitas. Llama ahora a alguien de confianza, a una línea de ayuda o al número de "
            "emergencias."
        ),
        question="Eso no lo sé, porque solo soy un guion. ¿Qué piensas tú?",
        listening=("Te escucho. Cuéntame más.", "Ya veo. ¿Qué significa eso para ti?", "Entiendo. ¿Cómo empezó?"),
    ),
    "fr": Phrases(
        asked=(
            ("crisis", r"me tuer|suicid|mettre fin à mes jours|je veux mourir"),
            ("goodbye", r"^(?:au revoir|à bient[oô]t|bonne nuit|salut et merci|à demain|adieu)"),
            ("how_to", rf"mod[eè]le de langage|{_MODEL}|\b(?:ajout|configur|install)\w*"),
            (
                "who",
                (
                    r"qui (?:es-tu|es tu|êtes-vous|êtes vous)|tu es qui|ton nom|t'appelles|que (?:peux|sais)[- ]tu"
                    r"|es[- ]tu (?:un|une)"
                ),
            ),
            ("repeat", r"r[eé]p[eè]te|qu'as[- ]tu dit|tu as dit quoi|encore une fois"),
            ("time", r"quelle heure|l'heure"),
            ("thanks", r"\bmerci\b"),
            ("greeting", r"^(?:bonjour|bonsoir|salut|coucou)\b"),
        ),
        greeting="Bonjour, je suis content de vous entendre. De quoi voulez-vous parler ?",
        notice=(
            "Pour que vous le sachiez : aucun modèle de langage n'est encore installé ici, je ne suis donc qu'un "
            "petit script. Demandez-moi comment en ajouter un quand vous voudrez."
        ),
        how_to=(
            "Volontiers. Aucun modèle de langage n'est configuré pour le moment. Vous pouvez en télécharger un petit "
            "dans la vue Système, ou avec la commande syrinx models pull qwen2.5-0.5b : vos paroles restent ici. "
            "Vous pouvez aussi installer Ollama sur cette machine et y charger un modèle. Ou bien définissez "
            "OPENROUTER_API_KEY ou OPENAI_API_KEY et relancez Syrinx : vos paroles vont alors à ce service. Ou "
            "indiquez l'adresse d'un autre serveur dans les réglages."
        ),
        who="Je suis {name}, pour l'instant un simple script et non une personne. Je sais donner l'heure et écouter.",
        time="À l'horloge de cette machine, il est {time}.",
        repeat="J'ai dit : {said}",
        nothing_said="Je n'ai encore rien dit. Mais je vous entends.",
        thanks="Avec plaisir. Y a-t-il autre chose ?",
        goodbye="À bientôt, c'était un plaisir de vous écouter.",
        crisis=(
            "Merci de l'avoir dit, et s'il vous plaît, ne restez pas seul avec cela. Je ne suis qu'un script et "
            "ne peux pas vous aider comme il le faut. Appelez maintenant une personne de confiance, une ligne "
            "d'écoute ou le numéro d'urgence."
        ),
        question="Cela, je ne le sais pas, car je ne suis qu'un script. Qu'en pensez-vous ?",
        listening=(
            "Je vous écoute. Dites-m'en plus.",
            "Je vois. Qu'est-ce que cela signifie pour vous ?",
            "D'accord. Comment est-ce arrivé ?",
        ),
    ),
    "de": Phrases(
        asked=(
            ("crisis", r"umbringen|suizid|selbstmord|das leben nehmen|will sterben|nicht mehr leben"),
            ("goodbye", r"^(?:tsch[uü](?:ss|ß)|auf wiedersehen|bis (?:bald|später|morgen)|gute nacht|ciao)"),
            ("how_to", rf"sprachmodell|{_MODEL}|\b(?:einrichten|hinzufügen|installier\w*|konfigurier\w*)"),
            ("who", r"wer (?:bist|sind)|wie hei(?:ß|ss)t|dein name|was (?:bist|kannst) du|bist du (?:ein|eine|echt)"),
            ("repeat", r"wiederhol|was hast du gesagt|noch ?mal|wie bitte"),
            ("time", r"wie ?sp[aä]t|wie viel uhr|wieviel uhr|uhrzeit"),
            ("thanks", r"\bdanke\b|vielen dank"),
            ("greeting", r"^(?:hallo|guten (?:tag|morgen|abend)|hi|hey|gr[uü](?:ß|ss) (?:dich|gott)|servus|moin)\b"),
        ),
        greeting="Hallo, schön, von dir zu hören. Worüber möchtest du sprechen?",
        notice=(
            "Damit du es weißt: Hier ist noch kein Sprachmodell eingerichtet, ich bin also nur ein kleines Skript. "
            "Frag mich jederzeit, wie du eines hinzufügst."
        ),
        how_to=(
            "Gern. Im Moment ist kein Sprachmodell eingerichtet. Du kannst in der Systemansicht ein kleines laden, "
            "oder mit dem Befehl syrinx models pull qwen2.5-0.5b: Dann bleiben deine Worte hier. Du kannst auch "
            "Ollama auf diesem Rechner installieren und ein Modell laden. Oder du setzt OPENROUTER_API_KEY oder "
            "OPENAI_API_KEY und startest Syrinx neu: Dann gehen deine Worte an diesen Dienst. Oder du trägst die "
            "Adresse eines anderen Servers in den Einstellungen ein."
        ),
        who="Ich bin {name}, vorerst nur ein Skript und kein Mensch. Ich kann die Uhrzeit sagen und zuhören.",
        time="Nach der Uhr dieses Rechners ist es {time} Uhr.",
        repeat="Ich habe gesagt: {said}",
        nothing_said="Ich habe noch nichts gesagt. Aber ich höre dich.",
        thanks="Gern geschehen. Gibt es noch etwas?",
        goodbye="Bis bald, es war schön, dir zuzuhören.",
        crisis=(
            "Gut, dass du es sagst, und bitte bleib damit nicht allein. Ich bin nur ein Skript und kann dir "
            "nicht so helfen, wie du es brauchst. Ruf jetzt jemanden an, dem du vertraust, die Telefonseelsorge "
            "oder den Notruf."
        ),
        question="Das weiß ich nicht, denn ich bin nur ein Skript. Was meinst du selbst?",
        listening=(
            "Ich höre dir zu. Erzähl mir mehr.",
            "Ich verstehe. Was bedeutet das für dich?",
            "Ach so. Wie kam es dazu?",
        ),
    ),
    "it": Phrases(
        asked=(
            ("crisis", r"uccidermi|suicid|togliermi la vita|voglio morire"),
            ("goodbye", r"^(?:arrivederci|a (?:presto|dopo|domani)|buona ?notte|addio)\b"),
            ("how_to", rf"modello linguistico|{_MODEL}|\b(?:aggiung|configur|install)\w*"),
            ("who", r"chi sei|come ti chiami|il tuo nome|cosa (?:sei|puoi|sai)|sei (?:un|una|vero|vera)\b"),
            ("repeat", r"\bripet|cosa hai detto|che hai detto|di nuovo"),
            ("time", r"che or[ae]|l'ora\b"),
            ("thanks", r"\bgrazie\b"),
            ("greeting", r"^(?:ciao|buon ?giorno|buona ?sera|salve)\b"),
        ),
        greeting="Ciao, è bello sentirti. Di che cosa vuoi parlare?",
        notice=(
            "Perché tu lo sappia: qui non c'è ancora nessun modello linguistico, quindi sono solo un piccolo copione. "
            "Chiedimi come aggiungerne uno quando vuoi."
        ),
        how_to=(
            "Volentieri. Al momento non è configurato nessun modello linguistico. Puoi scaricarne uno piccolo nella "
            "vista Sistema, o con il comando syrinx models pull qwen2.5-0.5b: le tue parole restano qui. Puoi anche "
            "installare Ollama su questa macchina e scaricare un modello. Oppure imposta OPENROUTER_API_KEY o "
            "OPENAI_API_KEY e riavvia Syrinx: allora le tue parole vanno a quel servizio. Oppure indica l'indirizzo "
            "di un altro server nelle impostazioni."
        ),
        who="Sono {name}, per ora solo un copione e non una persona. So dire l'ora e so ascoltare.",
        time="Secondo l'orologio di questa macchina, sono le {time}.",
        repeat="Ho detto: {said}",
        nothing_said="Non ho ancora detto niente. Però ti sento.",
        thanks="Prego. C'è altro?",
        goodbye="A presto, è stato bello ascoltarti.",
        crisis=(
            "Grazie per averlo detto, e per favore non restare solo con questo. Sono soltanto un copione e non "
            "posso aiutarti come serve. Chiama adesso una persona di fiducia, una linea di ascolto o il numero "
            "di emergenza."
        ),
        question="Questo non lo so, perché sono solo un copione. Tu che cosa ne pensi?",
        listening=(
            "Ti ascolto. Raccontami di più.",
            "Capisco. Che cosa significa per te?",
            "Va bene. Com'è cominciato?",
        ),
    ),
    "pt": Phrases(
        asked=(
            ("crisis", r"me matar|matar-me|suic[ií]d|tirar a minha vida|quero morrer"),
            ("goodbye", r"^(?:adeus|tchau|até (?:logo|breve|amanhã)|boa noite)\b"),
            ("how_to", rf"modelo de linguagem|{_MODEL}|\b(?:adicion|configur|instal)\w*"),
            (
                "who",
                (
                    r"quem é|quem és|teu nome|seu nome|como (?:te chamas|se chama|você se chama)"
                    r"|o que (?:você )?(?:és|é|pode|sabe)"
                ),
            ),
            ("repeat", r"\brepet|\brepit|o que (?:você )?diss|outra vez|de novo"),
            ("time", r"que horas|as horas"),
            ("thanks", r"\bobrigad[oa]\b"),
            ("greeting", r"^(?:olá|oi|bom dia|boa tarde)\b"),
        ),
        greeting="Olá, é bom ouvir você. Sobre o que quer conversar?",
        notice=(
            "Para que saiba: ainda não há nenhum modelo de linguagem aqui, por isso sou apenas um pequeno roteiro. "
            "Pergunte-me como adicionar um quando quiser."
        ),
        how_to=(
            "Com prazer. Neste momento não há nenhum modelo de linguagem configurado. Pode baixar um pequeno na "
            "vista Sistema, ou com o comando syrinx models pull qwen2.5-0.5b: as suas palavras ficam aqui. Também "
            "pode instalar o Ollama nesta máquina e baixar um modelo. Ou pode definir OPENROUTER_API_KEY ou "
            "OPENAI_API_KEY e reiniciar o Syrinx: então as suas palavras vão para esse serviço. Ou indique o "
            "endereço de outro servidor nas configurações."
        ),
        who="Sou {name}, por enquanto apenas um roteiro e não uma pessoa. Sei dizer as horas e sei escutar.",
        time="Pelo relógio desta máquina, são {time}.",
        repeat="Eu disse: {said}",
        nothing_said="Ainda não disse nada. Mas estou ouvindo.",
        thanks="De nada. Há mais alguma coisa?",
        goodbye="Até breve, foi bom ouvir você.",
        crisis=(
            "Obrigado por dizer isso, e por favor não fique só com isso. Sou apenas um roteiro e não posso "
            "ajudar como é preciso. Ligue agora para alguém de confiança, para uma linha de apoio ou para o "
            "número de emergência."
        ),
        question="Isso eu não sei, porque sou apenas um roteiro. O que você acha?",
        listening=("Estou ouvindo. Conte-me mais.", "Entendo. O que isso significa para você?", "Certo. Como começou?"),
    ),
}
