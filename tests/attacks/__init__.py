"""What somebody could do who wants more than he may, or by mistake: each file is one door that
stays closed.

A test here was first seen to fail on the code before. Where only a real part can show it, a real
part is used.
"""
