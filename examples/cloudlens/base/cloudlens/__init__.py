"""CloudLens：云账单与折扣分析。"""
