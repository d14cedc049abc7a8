"""Parts of `benchmarks/documents.py`.

hostile_values   values of arguments that would cost much, and what each costs
"""
