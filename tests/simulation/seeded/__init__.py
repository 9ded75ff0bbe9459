"""Thousands of payments through real offices and real books, with everything around them faked and faulty.

One seed decides every fault and every order of events, so a run that fails can be run again exactly as it was.
"""
