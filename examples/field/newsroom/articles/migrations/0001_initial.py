from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Article",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("headline", models.CharField(max_length=200)),
                ("words", models.IntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            "Count",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("articles", models.IntegerField()),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
