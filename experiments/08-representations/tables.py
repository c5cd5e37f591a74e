"""Tables of study 08."""

from measures import CONDITIONS, SHOTS


def number(pair, digits=1, scale=1):
    mean, half = pair
    if mean is None:
        return ""
    spread = "" if half is None else f" ± {scale * half:.{digits}f}"
    return f"{scale * mean:.{digits}f}{spread}"


def by_condition(table):
    """Sparsity and ensembles of all systems, a table a condition."""
    lines = []
    for condition in CONDITIONS:
        lines += [
            f"\n{condition} label:\n" if condition != "free" else "\nwithout a label:\n",
            "| system | accuracy, % | rate | sparsity of hidden_2 | above permuted rates | "
            "ensembles, hidden_1 | above chance | ensembles, hidden_2 | above chance |",
            "|" + " --- |" * 9,
        ]
        for title, row in table.items():
            one, two = row[f"{condition}.hidden_1"], row[f"{condition}.hidden_2"]
            cells = [
                title,
                number(row["accuracy"], 1, 100),
                number(two["rate"], 3),
                number(two["sparsity"], 3),
                number(two["excess_sparsity"], 3),
                number(one["size"]),
                number(one["excess_size"]),
                number(two["size"]),
                number(two["excess_size"]),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def table(columns, rows):
    """Lines of a table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def markdown(found):
    """All tables."""
    lines = ["# Sparsity and ensembles of hidden activity, beside what chance gives"]
    lines += by_condition(found["table"])
    lines += ["\n## Information about the class, bits a spike (a unit of activity), above chance\n"]
    lines += information(found["table"])
    lines += [
        "\n## Lesions: points of recall lost without an ensemble\n",
        *lesions(found["lesions"]),
    ]
    lines += ["\n## A class that was never learned: linear probes, F1 in %\n"]
    lines += probes(found["unseen"], found["controls"])
    if found["equal"]:
        lines += ["\n## At equal accuracy, true label\n", *equal(found["equal"])]
    return "\n".join(lines) + "\n"


def information(rows):
    """Bits by layer and condition."""
    places = [(condition, k) for condition in CONDITIONS for k in (1, 2)]
    names = [f"{'no' if c == 'free' else c} label, hidden_{k}" for c, k in places]
    return table(
        ["system", *names],
        [
            [title, *(number(row[f"{c}.hidden_{k}"]["excess_information"], 2) for c, k in places)]
            for title, row in rows.items()
        ],
    )


def lesions(rows):
    """What its own class loses, and the others, and what random neurons cost."""
    return table(
        ["system", "ensembles and answers", "neurons", "own class", "others", "random neurons"],
        [
            [
                title,
                place.replace("true.", "true label, ").replace("free.", "no label, "),
                number(figures["size"]),
                *(number(figures[key], 1, 100) for key in ("own", "others", "random")),
            ]
            for title, row in rows.items()
            for place, figures in row.items()
        ],
    )


def probes(rows, control):
    """F1 of the class by number of shots: never learned, learned, and of the controls."""
    columns = ["rates of"]
    for shots in SHOTS:
        columns += [
            f"{shots} {'shot' if shots == 1 else 'shots'}, never learned",
            "learned",
            "other classes",
        ]
    lines = [
        [
            f"{title}, {layer}",
            *(
                number(figures["shots"][str(shots)][key], 1, 100)
                for shots in SHOTS
                for key in ("f1", "learned_f1", "other_f1")
            ),
        ]
        for title, row in rows.items()
        for layer, figures in row.items()
    ]
    for name, figures in control.items():
        cells = []
        for shots in SHOTS:
            pairs = figures[str(shots)]
            cells += [number(pairs["f1"], 1, 100), "", number(pairs["other_f1"], 1, 100)]
        lines.append([name, *cells])
    return table(columns, lines)


def sizes(rows):
    """Neurons of the ensemble of the class, of learned classes, of random images, and shared."""
    columns = ["rates of", "the class never learned", "learned classes", "random images"]
    keys = ("size", "seen_size", "random_size", "shared_with_nearest")
    return table(
        [*columns, "shared with the most similar learned class"],
        [
            [f"{title}, {layer}", *(number(figures[key]) for key in keys)]
            for title, row in rows.items()
            for layer, figures in row.items()
        ],
    )


def equal(rows):
    """Sparsity, ensembles and information of hidden_2 where all are about as accurate."""
    digits = {"sparsity": 3, "excess_sparsity": 3, "size": 1, "excess_size": 1}
    digits["excess_information"] = 2
    columns = ["system", "epochs", "accuracy, %", "sparsity of hidden_2", "above permuted rates"]
    columns += ["ensembles", "above chance", "bits a spike above chance"]
    lines = []
    for title, row in rows.items():
        cells = [title, number(row["epochs"]), number(row["accuracy"], 1, 100)]
        lines.append([*cells, *(number(row["hidden_2"][k], n) for k, n in digits.items())])
    return table(columns, lines)
