"""Pictures of study 08."""

import numpy as np
from measures import CONDITIONS

from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, styled


@styled
def picture(table):
    """Sparsity and ensembles of hidden_2 under the true label, each beside its value by chance."""
    drawing = figure(PAGE, 0.3 * len(table) + 1.2)
    left, right = drawing.subplots(1, 2, sharey=True)
    places = np.arange(len(table))
    for axes, own, chance, label in (
        (left, "sparsity", "permuted_sparsity", "Hoyer's sparsity of hidden_2"),
        (right, "size", "permuted_size", "neurons an ensemble, of 250"),
    ):
        for condition, colour, offset in zip(
            CONDITIONS, (TRUE, FALSE, NEUTRAL), (-0.2, 0, 0.2), strict=True
        ):
            rows = [row[f"{condition}.hidden_2"] for row in table.values()]
            axes.errorbar(
                [row[own][0] for row in rows],
                places + offset,
                xerr=[row[own][1] or 0 for row in rows],
                fmt="o",
                color=colour,
                markersize=4,
                label=f"{condition} label" if condition != "free" else "no label",
            )
            axes.plot(
                [row[chance][0] for row in rows],
                places + offset,
                linestyle="none",
                marker="|",
                color=colour,
                label="by chance" if condition == "free" else None,
            )
        axes.set_xlabel(label)
        axes.set_xlim(left=0)
    left.set_yticks(places, list(table))
    left.invert_yaxis()
    drawing.legend(*left.get_legend_handles_labels(), loc="outside upper right", ncols=4)
    return drawing


@styled
def unseen_picture(table):
    """Sizes of the ensemble of a class that was never learned."""
    drawing = figure(PAGE / 2, 3.6)
    axes = drawing.subplots()
    groups = [(title, layer) for title, row in table.items() for layer in row]
    for offset, key, label, colour in (
        (-0.25, "seen_size", "learned classes", OTHERS[0]),
        (0, "size", "the class never learned", TRUE),
        (0.25, "random_size", "random images", NEUTRAL),
    ):
        pairs = [table[title][layer][key] for title, layer in groups]
        axes.barh(
            np.arange(len(groups)) + offset,
            [mean for mean, _ in pairs],
            0.25,
            xerr=[half or 0 for _, half in pairs],
            color=colour,
            label=label,
        )
    axes.set_yticks(range(len(groups)), [f"{title}\n{layer}" for title, layer in groups])
    axes.invert_yaxis()
    axes.set_xlabel("neurons an ensemble, of 250")
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return drawing
